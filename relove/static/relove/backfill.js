/* How far a reading of earlier posts has come: fetched afresh whenever it has got further. */

import { part } from "./ask.js";
import { follow } from "./live.js";

const place = document.querySelector("[data-readings]");

const refresh = async () => {
  const elements = await part(place.dataset.url).catch(() => null);
  if (elements) place.replaceChildren(elements.querySelector("[data-part]"));
};

follow("channels", refresh);
