/* A rehearsal as it goes on: parts are fetched afresh when something has changed; at its end the whole page is,
 * with its chart. */

import { part } from "./ask.js";
import { follow } from "./live.js";

const AT_MOST_EVERY = 1_000;
const page = document.querySelector("[data-rehearsal]");
let timer = 0;
let asked = 0;

const refresh = async () => {
  asked = Date.now();
  const address = new URL(location.href);
  address.searchParams.set("part", "1");
  const fresh = await part(address);
  const now = fresh.querySelector("[data-rehearsal]");
  if ("open" in page.dataset && !("open" in now.dataset)) return location.reload();
  for (const old of page.querySelectorAll("[data-part]")) {
    const news = now.querySelector(`[data-part="${old.dataset.part}"]`);
    // what somebody is filling in or reading stays
    if (news && news.outerHTML !== old.outerHTML && !old.contains(document.activeElement)) old.replaceWith(news);
  }
  page.dataset.fresh = String(Number(page.dataset.fresh || 0) + 1);
};

follow(page.dataset.topic, () => {
  clearTimeout(timer);
  timer = setTimeout(() => refresh().catch(() => {}), Math.max(0, asked + AT_MOST_EVERY - Date.now()));
});
