// Puts the browser libraries we serve under static/: some byte for byte as their package ships them, the
// others as one file each, made by esbuild; beside them what they are and their licences.
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { buildSync } from "esbuild";

const root = "../static";
// The theme loads Alpine from this path; ours stands before it among the static folders.
const FILES = [
  ["@alpinejs/csp", "dist/cdn.min.js", "unfold/js/alpine/alpine.js"],
  ["@event-calendar/build", "dist/event-calendar.min.js", "relove/vendor/event-calendar.js"],
  ["@event-calendar/build", "dist/event-calendar.min.css", "relove/vendor/event-calendar.css"],
];
const BUNDLES = ["codemirror.js", "dagre.js"];

const copied = ([name, source, target]) => {
  mkdirSync(`${root}/${target}`.replace(/\/[^/]*$/, ""), { recursive: true });
  copyFileSync(`node_modules/${name}/${source}`, `${root}/${target}`);
  return [[target, name]];
};

const bundled = (source) => {
  const target = `relove/vendor/${source}`;
  const { metafile } = buildSync({
    entryPoints: [source],
    outfile: `${root}/${target}`,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    metafile: true,
  });
  const packages = Object.keys(metafile.inputs).map((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]);
  return [...new Set(packages)].filter(Boolean).sort().map((name) => [target, name]);
};

const about = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`));

const row = ([target, name]) => `| ${target} | ${name} | ${about(name).version} | ${about(name).license} |\n`;

const licence = (name) => {
  const file = readdirSync(`node_modules/${name}`).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file && readFileSync(`node_modules/${name}/${file}`, "utf8").trim();
  return `${name}\n\n${text || `${about(name).license}, as its package.json says`}\n`;
};

const used = [...FILES.flatMap(copied), ...BUNDLES.flatMap(bundled)];
const head = "# Libraries served to browsers\n\n| file | package | version | licence |\n|---|---|---|---|\n";
writeFileSync(`${root}/relove/vendor/README.md`, head + used.map(row).join(""));
const names = [...new Set(used.map(([, name]) => name))].sort();
writeFileSync(`${root}/relove/vendor/LICENSES.txt`, names.map(licence).join(`\n${"-".repeat(80)}\n\n`));
