// Puts the browser libraries we serve under static/, byte for byte as their package ships them.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const target = "../static/relove/vendor";
const override = "../static/unfold/js/alpine";
const { version, license } = JSON.parse(readFileSync("node_modules/@alpinejs/csp/package.json"));

mkdirSync(target, { recursive: true });
mkdirSync(override, { recursive: true });
// The theme loads this path; ours stands before it among the static folders.
copyFileSync("node_modules/@alpinejs/csp/dist/cdn.min.js", `${override}/alpine.js`);
writeFileSync(
  `${target}/README.md`,
  `# Libraries served to browsers\n\n` +
    `| file | package | version | licence |\n|---|---|---|---|\n` +
    `| unfold/js/alpine/alpine.js | @alpinejs/csp | ${version} | ${license} |\n`,
);
