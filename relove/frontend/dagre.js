// The layout of the step graph; drawing it is ours.
export { graphlib, layout } from "@dagrejs/dagre";
