/* The review queue: acts first and asks the server behind; a refusal brings the draft back with the reason. */

import { form, part, post } from "./ask.js";
import { follow } from "./live.js";

const AHEAD = 5;
const UNDOABLE = 20;
const REFILL = 20;
const LOCK_AFTER = 400;
const LOCK_EVERY = 40_000;
const CHECK_AFTER = 500;

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const page = $("[data-review]");
const list = $("[data-rows]");
const words = JSON.parse($("#review-words").textContent);
const mayDecide = Boolean(page.dataset.mayDecide);

const parts = new Map(); // id → promise of the draft's elements
const told = new Map(); // id → when the answer to its decision or undoing came; Infinity while it is under way
const flights = new Map(); // id → promise of whether that decision was carried out
const texts = new Map(); // id → a text that was edited and is not saved
const done = []; // {id, row, place}: what can be taken back, the latest last
let current = null;
let locked = null;
let lockTimer = 0;
let checkTimer = 0;
let listTimer = 0;

// whose drafts are looked at stays in every address
const filter = () => {
  const named = $$("[data-filter]").filter((each) => each.value).map((each) => [each.dataset.filter, each.value]);
  return new URLSearchParams(named).toString();
};
const address = (id, more = "") => `${page.dataset.url}${id}/${more}?${filter()}`;
const rows = () => $$("li", list);
const rowOf = (id) => $(`li[data-id="${id}"]`, list);
const say = (text) => ($("[data-said]").textContent = text);
const underWay = () => (page.dataset.underWay = String(flights.size));
const show = (counters) => {
  if (counters.left !== undefined) $("span[data-left]").textContent = counters.left;
  if (counters.pace !== undefined) showPace(Number(counters.pace), Number($("span[data-left]").textContent));
  if (counters.decided !== undefined) $("span[data-decided]").textContent = counters.decided;
};
const showPace = (pace, left) => {
  $("[data-pace-line]").hidden = !pace || !left;
  $("span[data-pace]").textContent = pace;
  $("span[data-minutes]").textContent = pace ? Math.max(1, Math.round((left / pace) * 60)) : "";
};
const failure = (error) => (error instanceof TypeError ? words.offline : error.message);

// --- what is in hand ---------------------------------------------------------------------------------

const load = (id) => {
  if (!parts.has(id)) {
    const loading = part(address(id));
    loading.catch(() => parts.delete(id));
    parts.set(id, loading);
  }
  return parts.get(id);
};

const put = (id, elements) => {
  $("[data-hand]").replaceChildren($("[data-part]", elements).cloneNode(true));
  $("[data-aside]").replaceChildren($("[data-side]", elements).cloneNode(true));
  showLock(rowOf(id)?.dataset.lock || "");
  if (texts.has(id)) edit(texts.get(id));
};

const select = async (id) => {
  closePanels();
  if (current !== id) letGo();
  current = id;
  for (const row of rows()) row.classList.toggle("rl-current", row.dataset.id === id);
  $("[data-empty]").hidden = Boolean(id);
  page.hidden = !id;
  if (!id) return;
  const row = rowOf(id);
  row?.scrollIntoView({ block: "nearest" });
  history.replaceState(null, "", `?${new URLSearchParams([...new URLSearchParams(filter()), ["id", id]])}`);
  clearTimeout(lockTimer);
  lockTimer = setTimeout(() => takeLock(id), LOCK_AFTER);
  try {
    const elements = await load(id);
    if (current === id) put(id, elements);
  } catch (error) {
    if (current === id) say(failure(error));
  }
  const all = rows();
  const place = all.indexOf(rowOf(id));
  for (const ahead of all.slice(place + 1, place + 1 + AHEAD)) load(ahead.dataset.id).catch(() => {});
};

const neighbour = (step) => {
  const all = rows();
  let place = all.findIndex((row) => row.dataset.id === current) + step;
  while (all[place] && all[place].dataset.lock) place += step;
  return all[place]?.dataset.id ?? null;
};
const go = (step) => {
  const id = neighbour(step);
  if (id) select(id);
};

// --- locks -------------------------------------------------------------------------------------------

const showLock = (name) => {
  const line = $("[data-locked]");
  if (!line) return;
  line.hidden = !name;
  line.textContent = name ? words.locked.replace("%(name)s", name) : "";
};
const takeLock = async (id) => {
  if (!mayDecide || document.hidden || current !== id || flights.has(id)) return;
  locked = id;
  try {
    const answer = await post(address(id, "lock/"));
    if (current === id) showLock(answer.acquired ? "" : answer.by);
  } catch {
    // the decision asks again
  }
};
const letGo = () => {
  clearTimeout(lockTimer);
  if (locked && !flights.has(locked)) navigator.sendBeacon(address(locked, "lock/"), form({ release: "1" }));
  locked = null;
};
setInterval(() => current && takeLock(current), LOCK_EVERY);
addEventListener("pagehide", letGo);

// --- decisions ---------------------------------------------------------------------------------------

const decide = (what, fields = {}) => {
  const id = current;
  const row = id && rowOf(id);
  if (!mayDecide || !row) return;
  const following = neighbour(1) ?? neighbour(-1);
  const place = rows().indexOf(row);
  row.remove();
  show({ left: Math.max(0, Number($("span[data-left]").textContent) - 1) });
  say(words[what]);
  done.push({ id, row, place });
  done.splice(0, done.length - UNDOABLE);
  told.set(id, Infinity);
  flights.set(id, settle(id, row, place, what, fields));
  underWay();
  select(following);
  countChosen();
  if (rows().length < REFILL) refreshSoon();
};

const settle = async (id, row, place, what, fields) => {
  try {
    const counters = await post(address(id), { what, ...fields });
    texts.delete(id);
    parts.delete(id);
    if (flights.size === 1) show(counters);
    return true;
  } catch (error) {
    const index = done.findIndex((each) => each.id === id);
    if (index >= 0) done.splice(index, 1);
    bringBack(id, row, place, failure(error));
    return false;
  } finally {
    told.set(id, performance.now());
    flights.delete(id);
    underWay();
  }
};

const bringBack = (id, row, place, reason = "") => {
  if (!rowOf(id)) list.insertBefore(row, rows()[place] || null);
  const line = $("[data-refused]", row);
  line.textContent = reason;
  line.hidden = !reason;
  row.classList.toggle("rl-returned", Boolean(reason));
  parts.delete(id);
  if (reason) {
    say(reason);
    refreshSoon();
    if (!current) select(id);
  }
};

const undo = async () => {
  const last = done.pop();
  if (!last) return say(words.nothing);
  const { id, row, place } = last;
  // refused meanwhile: it has come back by itself
  if ((await flights.get(id)) === false) return;
  told.set(id, Infinity);
  bringBack(id, row, place);
  select(id);
  try {
    show(await post(address(id), { what: "undo" }));
    say(words.undo);
    parts.delete(id);
  } catch (error) {
    row.remove();
    say(failure(error));
    select(neighbour(1) ?? rows()[place]?.dataset.id ?? rows()[0]?.dataset.id ?? null);
  } finally {
    told.set(id, performance.now());
  }
};

// --- editing -----------------------------------------------------------------------------------------

const area = () => $("[data-editor]:not([hidden]) textarea");
const grow = (box) => {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 2}px`;
};
const edit = (text) => {
  const editor = $("[data-editor]");
  if (!mayDecide || !editor) return;
  editor.hidden = false;
  $("[data-draft]").hidden = true;
  const box = $("textarea", editor);
  if (text !== undefined) box.value = text;
  box.focus();
  grow(box);
  checkText();
};
const leaveEditor = (drop) => {
  if (drop) {
    texts.delete(current);
    $("[data-editor] textarea").value = $("[data-draft]").textContent;
  }
  $("[data-editor]").hidden = true;
  $("[data-draft]").hidden = false;
};
const checkText = async () => {
  const id = current;
  const box = area();
  if (!box) return;
  let refusals;
  try {
    ({ refusals } = await post(address(id, "check/"), { text: box.value }));
  } catch {
    return; // saving asks again
  }
  const target = current === id && area() && $("[data-refusals]");
  if (!target) return;
  target.replaceChildren(
    ...(refusals.length ? refusals : [words.fine]).map((reason) => {
      const item = document.createElement("li");
      item.className = refusals.length ? "rl-failed" : "rl-passed";
      item.textContent = reason;
      return item;
    }),
  );
};
const saveOnly = async () => {
  const id = current;
  try {
    show(await post(address(id), { what: "edit", text: area().value }));
    texts.delete(id);
    parts.delete(id);
    say(words.edit);
    if (current === id) put(id, await load(id));
    refreshSoon();
  } catch (error) {
    say(failure(error));
  }
};
document.addEventListener("input", (event) => {
  if (event.target !== area()) return;
  texts.set(current, event.target.value);
  grow(event.target);
  clearTimeout(checkTimer);
  checkTimer = setTimeout(checkText, CHECK_AFTER);
});

// --- the list ----------------------------------------------------------------------------------------

const refreshSoon = () => {
  clearTimeout(listTimer);
  listTimer = setTimeout(refresh, 300);
};
const refresh = async () => {
  const began = performance.now();
  let found;
  try {
    found = $("[data-rows]", await part(`${page.dataset.url}rows/?${filter()}`));
  } catch {
    return; // the next event or reconnect asks again
  }
  // a list asked for before an answer came knows less than that answer
  const isOlder = (id) => (told.get(id) ?? 0) >= began;
  const fresh = new Map($$("li", found).map((row) => [row.dataset.id, row]));
  for (const row of rows()) {
    const id = row.dataset.id;
    const now = fresh.get(id);
    if (!now && !isOlder(id)) {
      if (id === current) {
        say(words.elsewhere);
        select(neighbour(1) ?? neighbour(-1));
      }
      row.remove();
    } else if (now) {
      update(row, now);
    }
  }
  const added = [...fresh.values()].filter((row) => !rowOf(row.dataset.id) && !isOlder(row.dataset.id));
  added.forEach((row) => list.append(row));
  if (![...told.keys()].some(isOlder)) show(found.dataset);
  if (added.length && current) say(words.new.replace("%(count)s", added.length));
  if (!current && rows().length) select(rows()[0].dataset.id);
};
const update = (row, now) => {
  const isChanged = $(".rl-clamp-2", row).textContent !== $(".rl-clamp-2", now).textContent;
  if (row.dataset.lock === now.dataset.lock && !isChanged) return;
  row.dataset.lock = now.dataset.lock;
  $("a", row).replaceChildren(...$("a", now).childNodes);
  if (isChanged) parts.delete(row.dataset.id);
  if (row.dataset.id === current) showLock(row.dataset.lock);
};

const chosen = () => $$("[name=_selected_action]:checked", list);
const countChosen = () => {
  const bulk = $("[data-bulk]");
  if (!bulk) return;
  const line = $("[data-bulk-count]", bulk);
  bulk.hidden = !chosen().length;
  line.textContent = `${line.dataset.words} ${chosen().length}`;
};
list.addEventListener("change", countChosen);
$("[data-check-all]")?.addEventListener("change", (event) => {
  $$("[name=_selected_action]", list).forEach((box) => (box.checked = event.target.checked));
  countChosen();
});
$$("[data-filter]").forEach((each) =>
  each.addEventListener("change", () => location.assign(`${page.dataset.url}?${filter()}`)),
);
list.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  select(link.closest("li").dataset.id);
});

// --- keys and buttons --------------------------------------------------------------------------------

const panel = (name) => $(`[data-panel="${name}"]`);
const closePanels = () => $$("[data-panel]").forEach((each) => (each.hidden = true));
const toggle = (name) => {
  const wasHidden = panel(name)?.hidden;
  closePanels();
  if (wasHidden) panel(name).hidden = false;
};
const reject = () => {
  const given = new FormData(panel("reject"));
  const reason = given.get("reason_text").trim() || given.get("reason") || "";
  if (!reason) return say(words.reason);
  panel("reject").reset();
  decide("reject", { reason });
};
const choosePhoto = async (select) => {
  const id = current;
  try {
    show(await post(address(id), { what: "photo", photo: select.value }));
    say(words.photo);
  } catch (error) {
    say(failure(error));
  }
  parts.delete(id);
  if (current === id) put(id, await load(id));
};

const redraft = async () => {
  const id = current;
  const hint = new FormData(panel("redraft")).get("hint");
  panel("redraft").reset();
  closePanels();
  document.activeElement?.blur();
  say(words.writing);
  try {
    show(await post(address(id), { what: "redraft", hint }));
    texts.delete(id);
    parts.delete(id);
    say(words.redraft);
    if (current === id) put(id, await load(id));
    refreshSoon();
  } catch (error) {
    say(failure(error));
  }
};
const choose = (number) => {
  if (panel("reject") && !panel("reject").hidden) {
    const choice = $$("input[type=radio]", panel("reject"))[number - 1];
    if (choice) decide("reject", { reason: choice.value });
  } else if (panel("snooze") && !panel("snooze").hidden) {
    $$("[data-until]", panel("snooze"))[number - 1]?.click();
  }
};
const saveAndApprove = () => area() && decide("edit_approve", { text: area().value });

// By code, not by letter: on the Russian layout the key J sends «о».
const keys = {
  KeyJ: () => go(1),
  KeyK: () => go(-1),
  KeyA: () => decide("approve"),
  KeyE: () => edit(),
  KeyR: () => mayDecide && toggle("reject"),
  KeyS: () => mayDecide && toggle("snooze"),
  KeyH: () => {
    if (!mayDecide || !current) return;
    toggle("redraft");
    $("input", panel("redraft")).focus();
  },
  KeyU: () => mayDecide && undo(),
  Escape: closePanels,
};
const isTyping = (target) =>
  target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio])");

document.addEventListener("keydown", (event) => {
  if (event.isComposing || $("dialog[open]")) return;
  const inEditor = event.target === area();
  if (inEditor && event.code === "Enter" && event.ctrlKey) {
    event.preventDefault();
    saveAndApprove();
  } else if (inEditor && event.code === "Escape") {
    leaveEditor(event.shiftKey);
  } else if (event.code === "Escape") {
    document.activeElement?.blur();
    closePanels();
  } else if (!event.ctrlKey && !event.altKey && !event.metaKey && !isTyping(event.target)) {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
    const action = event.code === "Slash" && event.shiftKey ? () => $("[data-keys]").showModal() : keys[event.code];
    if (digit) choose(Number(digit[1]));
    else if (action) {
      event.preventDefault();
      action();
    }
  }
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.key) keys[button.dataset.key]();
  else if ("help" in button.dataset) $("[data-keys]").showModal();
  else if (button.dataset.do === "edit_approve") saveAndApprove();
  else if (button.dataset.do === "edit") saveOnly();
  else if (button.dataset.until) decide("snooze", { until: button.dataset.until });
});
panel("redraft")?.addEventListener("submit", (event) => {
  event.preventDefault();
  redraft();
});
panel("reject")?.addEventListener("submit", (event) => {
  event.preventDefault();
  reject();
});

show(list.dataset);
const first = rowOf(page.dataset.first) ? page.dataset.first : neighbour(1) ?? rows()[0]?.dataset.id ?? null;
select(first);
countChosen();
follow("comments", refreshSoon);

$("[data-hand]").addEventListener("change", (event) => {
  if (event.target.matches("[data-photo]")) choosePhoto(event.target);
});
