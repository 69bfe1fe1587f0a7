/* The slider: every message is judged anew under the threshold it shows. */

const slider = document.querySelector("#rl-at");
const rows = [...document.querySelectorAll("[data-score]")];
const shown = document.querySelector("[data-at]");
const changed = document.querySelector("[data-changed]");
const number = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

const judge = () => {
  const at = Number(slider.value);
  shown.value = number.format(at);
  let count = 0;
  for (const row of rows) {
    const kind = Number(row.dataset.score) > at ? "script_80" : "free_20";
    const changes = kind !== row.dataset.was;
    count += changes;
    row.classList.toggle("rl-changes", changes);
    row.querySelector("[data-mark]").hidden = !changes;
    for (const word of row.querySelectorAll("[data-kind]")) word.hidden = word.dataset.kind !== kind;
  }
  changed.textContent = count;
};

slider?.addEventListener("input", judge);
if (slider) judge();
