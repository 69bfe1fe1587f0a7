/* What goes out when: a week or a day, and the same as a list. A move is shown at once; a refusal snaps back. */

import { post, read } from "./ask.js";
import { follow } from "./live.js";

const QUARTER = 15 * 60_000;
const NARROW = 1024;
const SHIFT_AFTER = 400;

const $ = (selector, root = document) => root.querySelector(selector);
const page = $("[data-calendar]");
const agenda = $("[data-agenda]");
const words = JSON.parse($("#calendar-words").textContent);
const language = document.documentElement.lang;
let timer = 0;
let shiftTimer = 0;
let asked = 0;
let answered = 0;

const say = (text, isError = false) => {
  $("[data-said]").textContent = text;
  $("[data-said]").classList.toggle("rl-error", isError);
};
const failure = (error) => (error instanceof TypeError ? words.offline : error.message);
const make = (name, className, text) => {
  const element = document.createElement(name);
  element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};
const two = (number) => String(number).padStart(2, "0");
/** A local time without a zone: the server reads it in the zone that pages show. */
const local = (date) =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}` +
  `T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
const clock = (date) => `${two(date.getHours())}:${two(date.getMinutes())}`;

const eventOf = (data) => ({
  id: data.id,
  start: data.start,
  end: local(new Date(new Date(data.start).getTime() + 2 * QUARTER)),
  title: data.text,
  startEditable: data.movable,
  classNames: [`rl-colour-${data.colour}`, `rl-state-${data.state}`],
  extendedProps: data,
});

const fetchEvents = async (info) => {
  const query = new URLSearchParams({ start: local(info.start), end: local(info.end), account: $("[data-account]").value });
  const turn = ++asked;
  try {
    const { events } = await read(`${page.dataset.url}events/?${query}`);
    // an answer that was overtaken is about other days
    if (turn === asked) list(events);
    return events.map(eventOf);
  } catch (error) {
    say(failure(error), true);
    return [];
  } finally {
    page.dataset.answered = String(++answered);
  }
};

const drawEvent = ({ event }) => {
  const { initials, account } = event.extendedProps;
  const line = make("div", "rl-event-line");
  line.append(make("b", "", clock(event.start)), make("span", "rl-initials", initials));
  line.append(make("span", "rl-event-text", event.title));
  line.title = `${account}: ${event.title}`;
  return { domNodes: [line] };
};

const move = async (id, at, date) => {
  const { event } = await post(`${page.dataset.url}${id}/move/`, { before: at, after: local(date) });
  const item = $(`li[data-id="${id}"]`, agenda);
  if (item) item.dataset.at = event.at;
  say(words.moved);
};

const dropped = async ({ event, revert }) => {
  try {
    await move(event.id, event.extendedProps.at, event.start);
  } catch (error) {
    revert();
    say(failure(error), true);
  }
  refresh();
};

// --- the same as a list ------------------------------------------------------------------------------

const list = (events) => {
  const focused = document.activeElement?.closest("[data-agenda] li")?.dataset.id;
  const sorted = [...events].sort((one, other) => one.start.localeCompare(other.start));
  const items = [];
  let day = "";
  for (const data of sorted) {
    const date = new Date(data.start);
    const name = date.toLocaleDateString(language, { weekday: "long", day: "numeric", month: "long" });
    if (name !== day) items.push(make("li", "rl-day", (day = name)));
    items.push(row(data, date));
  }
  agenda.replaceChildren(...(items.length ? items : [make("li", "rl-second", words.empty)]));
  if (focused) $(`li[data-id="${focused}"]`, agenda)?.focus();
};

const row = (data, date) => {
  const item = make("li", "rl-planned");
  Object.assign(item.dataset, { id: data.id, at: data.at, start: data.start, movable: data.movable ? "1" : "" });
  item.tabIndex = 0;
  const link = make("a", "rl-link");
  link.href = `${page.dataset.comment}${data.id}/change/`;
  link.append(make("bdi", "rl-text rl-clamp-1", data.text));
  const who = make("span", "rl-second", `${data.account} · ${data.channel} · ${data.word}`);
  item.append(make("i", `rl-colour-${data.colour}`), make("time", "rl-time", clock(date)), link, who);
  return item;
};

/* Several presses one after the other are one move. */
const shift = (item, step) => {
  const { id, at, start } = item.dataset;
  const date = new Date(new Date(start).getTime() + step * QUARTER);
  item.dataset.start = local(date);
  $("time", item).textContent = clock(date);
  clearTimeout(shiftTimer);
  shiftTimer = setTimeout(() => settle(id, at, date), SHIFT_AFTER);
};
const settle = async (id, at, date) => {
  try {
    await move(id, at, date);
  } catch (error) {
    say(failure(error), true);
  }
  refresh();
};

agenda.addEventListener("keydown", (event) => {
  const item = event.target.closest("li[data-id]");
  if (!item || event.ctrlKey || event.altKey || event.metaKey) return;
  const items = [...agenda.querySelectorAll("li[data-id]")];
  const steps = { ArrowLeft: -1, ArrowRight: 1 };
  const walks = { ArrowUp: -1, ArrowDown: 1, KeyK: -1, KeyJ: 1 };
  if (event.code in steps && item.dataset.movable) shift(item, steps[event.code]);
  else if (event.code in walks) items[items.indexOf(item) + walks[event.code]]?.focus();
  else return;
  event.preventDefault();
});

// --- the grid ----------------------------------------------------------------------------------------

const grid = window.EventCalendar.create($("[data-grid]"), {
  view: innerWidth < NARROW ? "timeGridDay" : "timeGridWeek",
  locale: language,
  firstDay: 1,
  allDaySlot: false,
  nowIndicator: true,
  height: "calc(100vh - 220px)",
  scrollTime: "08:00:00",
  slotDuration: "00:30",
  snapDuration: "00:15",
  slotLabelFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
  lazyFetching: false,
  editable: true,
  eventDurationEditable: false,
  headerToolbar: { start: "title", center: "", end: "timeGridWeek,timeGridDay today prev,next" },
  buttonText: (text) => ({
    ...text,
    today: words.today,
    timeGridWeek: words.week,
    timeGridDay: words.day,
    prev: words.previous,
    next: words.next,
  }),
  eventSources: [{ events: fetchEvents }],
  eventContent: drawEvent,
  eventDrop: dropped,
});
const refresh = () => grid.refetchEvents();
const refreshSoon = () => {
  clearTimeout(timer);
  timer = setTimeout(refresh, 300);
};

$("[data-account]").addEventListener("change", refresh);
follow("comments", refreshSoon);
