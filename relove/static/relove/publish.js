/* Two versions side by side on the page of publishing. */

import { compare } from "./editor-code.js";

const texts = document.querySelector("#publish-texts");
if (texts) compare(document.querySelector("[data-merge]"), { format: "yaml", ...JSON.parse(texts.textContent) });
