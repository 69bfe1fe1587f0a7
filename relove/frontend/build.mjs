// Puts the browser libraries we serve under static/, byte for byte as their package ships them.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const root = "../static";
// The theme loads Alpine from this path; ours stands before it among the static folders.
const FILES = [
  ["@alpinejs/csp", "dist/cdn.min.js", "unfold/js/alpine/alpine.js"],
  ["@event-calendar/build", "dist/event-calendar.min.js", "relove/vendor/event-calendar.js"],
  ["@event-calendar/build", "dist/event-calendar.min.css", "relove/vendor/event-calendar.css"],
];

const lines = FILES.map(([name, source, target]) => {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`));
  mkdirSync(`${root}/${target}`.replace(/\/[^/]*$/, ""), { recursive: true });
  copyFileSync(`node_modules/${name}/${source}`, `${root}/${target}`);
  return `| ${target} | ${name} | ${version} | ${license} |\n`;
});
writeFileSync(
  `${root}/relove/vendor/README.md`,
  `# Libraries served to browsers\n\n| file | package | version | licence |\n|---|---|---|---|\n${lines.join("")}`,
);
