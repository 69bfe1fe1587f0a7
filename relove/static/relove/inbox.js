/* The messenger: what changes anywhere is shown within the second; what is being typed stays. */

import { part, post } from "./ask.js";
import { follow } from "./live.js";

const SETTLE = 120;
const HOLD = 60_000;
const page = document.querySelector("[data-inbox]");
const $ = (selector, root = page) => root.querySelector(selector);
const say = (text) => (document.querySelector("[data-said]").textContent = text || "");
const links = () => [...page.querySelectorAll(".rl-threads li a")];
const answer = () => $("[data-answer]");
const box = () => $("[data-answer] textarea");
const isTyped = () => box() && box().value !== box().defaultValue;
let timer = 0;
let round = 0;

const withPart = (address) => {
  const url = new URL(address, location.href);
  url.searchParams.set("part", "1");
  return url;
};

const initial = (field) => ([...(field.options ?? [])].find((option) => option.defaultSelected) ?? field.options?.[0])?.value;
const isChanged = (field) => field.value !== (initial(field) ?? field.defaultValue);

/** What was begun in the fields beside the thread (a note, an owner) stays in them. */
const carry = (old, fresh) => {
  for (const field of old.querySelectorAll("textarea[id], select[id]")) {
    const same = fresh.querySelector(`#${field.id}`);
    if (same && isChanged(field)) same.value = field.value;
  }
};

/** Put the server's parts in place; a text that is being typed, the place in the list and the focus stay. */
const put = (elements, isOther) => {
  const bubbles = $("[data-bubbles]");
  const top = bubbles?.scrollTop;
  const atEnd = !bubbles || bubbles.scrollHeight - bubbles.scrollTop - bubbles.clientHeight < 40;
  const kept = !isOther && (isTyped() || document.activeElement === box()) && answer();
  for (const fresh of elements.querySelectorAll("[data-part]")) {
    if (fresh.dataset.part === "threads") {
      $("[data-part=threads] ol").replaceWith($("ol", fresh));
      continue;
    }
    const form = $("[data-answer]", fresh);
    const keeps = kept && form && form.elements.draft?.value === kept.elements.draft?.value;
    if (keeps || (kept && isTyped() && form)) {
      kept.toggleAttribute("data-unread", "unread" in form.dataset);
      const old = $("[data-part=thread]");
      for (const child of [...old.children]) if (child !== kept) child.remove();
      for (const child of [...fresh.children]) if (child !== form) kept.before(child);
      continue;
    }
    const place = $(`[data-part=${fresh.dataset.part}]`);
    if (!isOther && fresh.dataset.part === "side" && place.contains(document.activeElement)) continue;
    if (!isOther) carry(place, fresh);
    const focused = fresh.dataset.part === "thread" && document.activeElement === box();
    place.replaceWith(fresh);
    if (focused) box()?.focus();
  }
  page.classList.toggle("rl-inbox-open", Boolean(answer() || $("[data-bubbles]")));
  const now = $("[data-bubbles]");
  if (now) now.scrollTop = isOther || atEnd ? now.scrollHeight : top;
  readIt();
};

const refresh = async (isOther = false) => {
  const mine = ++round;
  try {
    const elements = await part(withPart(location.href));
    if (mine === round) put(elements, isOther);
  } catch (error) {
    if (!(error instanceof TypeError)) say(error.message);
  }
};

const soon = () => {
  clearTimeout(timer);
  timer = setTimeout(refresh, SETTLE);
};

/** Whoever has the thread open before their eyes has read it. */
const readIt = () => {
  if (!answer() || !("unread" in answer().dataset) || document.hidden) return;
  delete answer().dataset.unread;
  post(answer().action, { what: "read" }).catch(() => {});
};

const open = (link) => {
  history.pushState(null, "", link.href);
  heldAt = 0;
  say("");
  return refresh(true);
};

const move = (step) => {
  const all = links();
  const place = all.findIndex((link) => link.closest("li").classList.contains("rl-current"));
  const link = all[Math.min(Math.max(place + step, 0), all.length - 1)];
  if (link && all.indexOf(link) !== place) open(link);
};

const send = async (sender, button) => {
  const fields = Object.fromEntries(new FormData(sender));
  const isAnswer = sender === answer();
  if (button) fields.what = button.value;
  button?.setAttribute("disabled", "");
  try {
    const said = (await post(sender.action, fields)).said;
    if (isAnswer && box()) box().value = box().defaultValue;
    await refresh(isAnswer);
    say(said);
    if (isAnswer || "holds" in sender.dataset) box()?.focus();
  } catch (error) {
    say(error.message);
  } finally {
    button?.removeAttribute("disabled");
  }
};

page.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.role === "search") return find(event.target);
  send(event.target, event.submitter);
});

const find = (fields) => {
  const url = new URL(location.href);
  for (const [name, value] of new FormData(fields)) value ? url.searchParams.set(name, value) : url.searchParams.delete(name);
  history.replaceState(null, "", url);
  refresh();
};
page.addEventListener("input", (event) => event.target.closest("[role=search]") && find(event.target.form));

page.addEventListener("click", (event) => {
  const link = event.target.closest(".rl-threads li a, .rl-back");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link);
});

/** A ready answer goes into the box, for the person to send. */
page.addEventListener("click", (event) => {
  const ready = event.target.closest("[data-ready]");
  if (!ready || !box()) return;
  box().value = ready.dataset.ready;
  box().focus();
  hold();
});

/** Where colleagues share dialogues, whoever writes holds this one, so that two never answer at once. */
let heldAt = 0;
const hold = () => {
  if (!$("[data-holds]") || Date.now() - heldAt < HOLD) return;
  heldAt = Date.now();
  post(answer().action, { what: "hold" }).then(() => say(""), (error) => ((heldAt = 0), say(error.message)));
};
page.addEventListener("input", (event) => event.target === box() && hold());

/** A button of the page with a key of its own. */
const press = (code) => {
  const button = $(`[data-key="${code}"]`);
  button?.form.requestSubmit(button);
  return Boolean(button);
};

const KEYS = { KeyJ: () => move(1), KeyK: () => move(-1), KeyE: () => box()?.focus() };

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("textarea, input, select");
  if (event.target === box()) {
    if (event.ctrlKey && event.key === "Enter") answer().requestSubmit($(".rl-button-primary", answer()));
    if (event.key === "Escape") box().blur();
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!KEYS[event.code]) return press(event.code) && event.preventDefault();
  event.preventDefault();
  KEYS[event.code]();
});

addEventListener("popstate", () => refresh(true));
document.addEventListener("visibilitychange", readIt);
follow(page.dataset.topic, soon);
follow("contacts", soon);
const list = $("[data-bubbles]");
if (list) list.scrollTop = list.scrollHeight;
readIt();
