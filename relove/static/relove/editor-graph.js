/* The graph of steps: dagre says where, the drawing is ours. */

import { graphlib, layout } from "./vendor/dagre.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 156;
const HEIGHT = 44;
const LETTERS = 20;
const NOTE_LETTERS = 26;
const SMALLEST = 0.7;

const make = (name, attributes = {}, ...children) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

const short = (text, most = LETTERS) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

const laidOut = ({ nodes, edges }) => {
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 20, ranksep: 40, edgesep: 10, marginx: 12, marginy: 12 });
  for (const node of nodes) graph.setNode(node.key, { ...node, width: WIDTH, height: HEIGHT });
  edges.forEach((edge, i) => {
    const label = short(edge.label);
    graph.setEdge(edge.origin, edge.to, { ...edge, label, width: label.length * 6.5, height: 14, labelpos: "c" }, String(i));
  });
  layout(graph);
  return graph;
};

const line = ({ points, label, x, y, kind }) =>
  make(
    "g",
    { class: `rl-edge rl-edge-${kind}` },
    make("path", { d: points.map((point, i) => `${i ? "L" : "M"}${point.x},${point.y}`).join(""), "marker-end": "url(#rl-arrow)" }),
    ...(label ? [make("text", { x, y: y + 4 }, label)] : []),
  );

const box = (node, choose) => {
  const left = node.x - WIDTH / 2;
  const top = node.y - HEIGHT / 2;
  const words = node.note ? `${node.title}, ${node.note}` : node.title;
  const element = make(
    "g",
    { class: `rl-node rl-node-${node.kind}`, tabindex: "0", role: "button", "aria-label": words, "data-key": node.key },
    make("title", {}, words),
    make("rect", { x: left, y: top, width: WIDTH, height: HEIGHT, rx: 8 }),
    make("text", { x: node.x, y: node.y + (node.note ? -3 : 4) }, short(node.title)),
    ...(node.note ? [make("text", { x: node.x, y: node.y + 13, class: "rl-node-note" }, short(node.note, NOTE_LETTERS))] : []),
  );
  element.addEventListener("click", () => choose(node));
  element.addEventListener("keydown", (event) => {
    if (event.code !== "Enter" && event.code !== "Space") return;
    event.preventDefault();
    choose(node);
  });
  return element;
};

const arrow = () =>
  make(
    "defs",
    {},
    make(
      "marker",
      { id: "rl-arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
      make("path", { d: "M0,0 L8,4 L0,8 z" }),
    ),
  );

/** Draw {nodes: [{key, title, note, kind, line}], edges: [{origin, to, label, kind}]}; `choose` gets a node. */
export const draw = (parent, drawn, label, choose) => {
  const graph = laidOut(drawn);
  const { width, height } = graph.graph();
  // as large as there is room for, never larger than life, never too small to be read
  const scale = Math.min(1, Math.max(SMALLEST, parent.clientWidth / width));
  const size = { viewBox: `0 0 ${width} ${height}`, width: width * scale, height: height * scale };
  parent.replaceChildren(
    make(
      "svg",
      { ...size, role: "group", "aria-label": label },
      arrow(),
      ...graph.edges().map((edge) => line(graph.edge(edge))),
      ...graph.nodes().map((key) => box(graph.node(key), choose)),
    ),
  );
  const [start] = drawn.nodes;
  parent.scrollLeft = graph.node(start.key).x * scale - parent.clientWidth / 2;
};
