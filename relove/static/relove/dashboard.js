/* The first page, kept as it is on the server: at once when something worth telling happens, and every ten
 * seconds for what nobody tells of, such as a cluster that has fallen silent. */

import { part } from "./ask.js";
import { follow } from "./live.js";

const EVERY = 10_000;
const AT_MOST_EVERY = 1_000;
const page = document.querySelector("[data-dashboard]");
const cut = page.querySelector("[data-cut]");
let timer = 0;
let asked = 0;

/** The server's figures in a chart that stands already; its colours were made for the theme in use. */
const redraw = (canvas, fresh) => {
  const chart = window.Chart.getChart(canvas);
  if (!chart || canvas.dataset.value === fresh.dataset.value) return;
  canvas.dataset.value = fresh.dataset.value;
  const { labels, datasets } = JSON.parse(fresh.dataset.value);
  chart.data.labels = labels;
  datasets.forEach((dataset, number) => {
    if (chart.data.datasets[number]) chart.data.datasets[number].data = dataset.data;
  });
  chart.update();
  canvas.nextElementSibling.hidden = fresh.nextElementSibling.hidden;
};

const refresh = async () => {
  clearTimeout(timer);
  asked = Date.now();
  try {
    const fresh = await part(page.dataset.url + location.search);
    for (const old of page.querySelectorAll("[data-part]")) {
      const now = fresh.querySelector(`[data-part="${old.dataset.part}"]`);
      // what has not changed keeps its focus
      if (now && now.outerHTML !== old.outerHTML) old.replaceWith(now);
    }
    for (const canvas of page.querySelectorAll("[data-chart]")) {
      const now = fresh.querySelector(`[data-chart="${canvas.dataset.chart}"]`);
      if (now) redraw(canvas, now);
    }
    page.dataset.fresh = String(Number(page.dataset.fresh || 0) + 1);
    cut.hidden = true;
  } catch {
    cut.hidden = false;
  }
  later(EVERY);
};

const later = (wait) => {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(refresh, wait);
};

follow("desk", () => later(Math.max(0, asked + AT_MOST_EVERY - Date.now())));
document.addEventListener("visibilitychange", () => later(0));
