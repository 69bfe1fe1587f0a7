/* The script editor: one document with its mistakes, and beside it preview, test dialogue, graph and tests.
 *
 * The server is the judge of everything; this page sends it the text as it stands and shows the answer.
 */

import { part, post } from "./ask.js";
import { Code, compare } from "./editor-code.js";
import { draw } from "./editor-graph.js";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const told = (id) => JSON.parse($(`#${id}`).textContent);

const page = $("[data-editor]");
const words = told("editor-words");
const saving = $("[data-saving]");
let base = $("[data-number]").textContent;
let saved = told("editor-text");
let graph = null;

const address = (what) => `${page.dataset.url}${what}/`;
const failure = (error) => (error instanceof TypeError ? words.offline : error.message);
const say = (text, isError = false) => {
  $("[data-said]").textContent = text;
  $("[data-said]").classList.toggle("rl-failed", isError);
};
const ask = (what, fields = {}) => post(address(what), { text: code.text, format: code.format, ...fields });

// --- the text and what is wrong with it ----------------------------------------------------------------

const isUnsaved = () => code.text !== saved;

const noteChange = () => {
  $("[data-unsaved]").hidden = !isUnsaved();
};

const problemLine = (problem) => {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = problem.is_warning ? "rl-problem rl-problem-warning" : "rl-problem";
  button.textContent = problem.words;
  button.addEventListener("click", () => code.goTo(problem.line || 1, problem.column || 1));
  item.append(button);
  return item;
};

const showProblems = (problems) => {
  const mistakes = problems.filter((problem) => !problem.is_warning).length;
  $("[data-problems]").replaceChildren(...problems.map(problemLine));
  $("[data-verdict]").textContent = mistakes ? words.mistakes : problems.length ? words.warnings : words.good;
  $("[data-verdict]").classList.toggle("rl-failed", mistakes > 0);
};

const showAnswer = (answer) => {
  showProblems(answer.problems);
  if (!answer.graph) return;
  code.names = answer.names;
  graph = answer.graph;
  showGraph();
};

const check = async (text) => {
  try {
    const answer = await post(address("check"), { text, format: code.format });
    if (text === code.text) showAnswer(answer);
    return answer.problems;
  } catch (error) {
    say(failure(error), true);
    return [];
  }
};

const code = new Code($("[data-code]"), {
  text: saved,
  format: "yaml",
  schema: told("editor-schema"),
  label: words.label,
  words: words.code,
  check,
  changed: noteChange,
});
code.recheck();

const convert = async (format) => {
  if (format === code.format) return;
  try {
    const answer = await ask("convert", { into: format });
    if (answer.problems) return showProblems(answer.problems);
    const wasSaved = !isUnsaved();
    if (wasSaved) saved = answer.text;
    code.replace(answer.text, format);
    noteChange();
    for (const button of $$("[data-format]")) button.setAttribute("aria-pressed", String(button.dataset.format === format));
  } catch (error) {
    say(failure(error), true);
  }
};
for (const button of $$("[data-format]")) button.addEventListener("click", () => convert(button.dataset.format));

// --- saving --------------------------------------------------------------------------------------------

const conflict = $("[data-conflict]");

const settle = (answer, text) => {
  base = String(answer.number);
  saved = text;
  $("[data-number]").textContent = base;
  saving.reset();
  noteChange();
  say(answer.said);
};

const save = async () => {
  if (!saving || !saving.reportValidity()) return;
  const { text } = code;
  say(words.saving);
  try {
    const answer = await ask("save", { text, base, reason: saving.elements.reason.value });
    if (answer.problems) {
      showProblems(answer.problems);
      say(words.refused, true);
    } else if (answer.conflict) resolve(answer.conflict);
    else settle(answer, text);
  } catch (error) {
    say(failure(error), true);
  }
};

/** Both texts side by side; the base moves on only when the person has seen what the other one wrote. */
const resolve = (theirs) => {
  say(theirs.words, true);
  $("[data-conflict-words]").textContent = theirs.words;
  $("[data-merge]").replaceChildren();
  conflict.showModal();
  const view = compare($("[data-merge]"), {
    a: theirs.text,
    b: code.text,
    format: code.format,
    labels: [words.theirs, words.mine],
    words: words.code,
    isWritten: true,
  });
  const go = (text, number) => {
    base = String(number);
    code.replace(text);
    conflict.close();
  };
  $("[data-keep-mine]").onclick = () => {
    go(view.b.state.doc.toString(), theirs.number);
    save();
  };
  $("[data-take-theirs]").onclick = () => {
    saved = theirs.text;
    go(theirs.text, theirs.number);
    settle({ number: theirs.number, said: "" }, theirs.text);
  };
  $("[data-go-back]").onclick = () => conflict.close();
};

saving?.addEventListener("submit", (event) => {
  event.preventDefault();
  save();
});
addEventListener("beforeunload", (event) => isUnsaved() && event.preventDefault());

// --- replies: preview and test dialogue ----------------------------------------------------------------

const element = (name, text, className) => {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
};

const bubble = ({ text, title, rows = [], why }, isOurs) => {
  const item = element("li", "", isOurs ? "rl-bubble rl-ours" : "rl-bubble");
  if (title) item.append(element("b", title));
  item.append(element("bdi", text, "rl-text rl-whole"));
  if (rows.length) {
    const list = element("dl", "", "rl-rows rl-reason");
    for (const [name, value] of rows) list.append(element("dt", name), element("dd", value));
    item.append(list);
  }
  if (why) item.append(element("p", why, "rl-second"));
  return item;
};

const preview = $("[data-preview]");
const shown = $("[data-shown]");
const sending = $("[data-send]");
let previewed = "";

const showReply = async () => {
  if (!preview) return;
  choose("preview");
  sending.hidden = true;
  shown.replaceChildren(element("p", words.thinking, "rl-second"));
  try {
    const answer = await ask("preview", Object.fromEntries(new FormData(preview)));
    if (answer.problems) {
      showProblems(answer.problems);
      return shown.replaceChildren(element("p", words.broken, "rl-error"));
    }
    const list = element("ol", "", "rl-bubbles");
    list.append(...answer.said.map((each) => bubble(each, true)));
    shown.replaceChildren(list);
    previewed = answer.said.map(({ text }) => text).join("\n\n");
    sending.hidden = false;
  } catch (error) {
    shown.replaceChildren(element("p", failure(error), "rl-error"));
  }
};
preview?.addEventListener("submit", (event) => {
  event.preventDefault();
  showReply();
});

sending?.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    say((await ask("send", { message: previewed, account: sending.elements.account.value })).said);
  } catch (error) {
    say(failure(error), true);
  }
});

const talk = $("[data-talk]");
const keep = $("[data-keep]");
let dialogue = [];
let state = "";

const reset = () => {
  dialogue = [];
  state = "";
  $("[data-bubbles]").replaceChildren();
  $("[data-talk-empty]").hidden = false;
  if (keep) keep.hidden = true;
  talk.elements.message.focus();
};

const tell = async () => {
  const box = talk.elements.message;
  const message = box.value.trim();
  const bubbles = $("[data-bubbles]");
  if (!message || talk.ariaBusy === "true") return;
  talk.ariaBusy = "true";
  box.value = "";
  $("[data-talk-empty]").hidden = true;
  const waiting = element("li", words.thinking, "rl-second");
  bubbles.append(bubble({ text: message }, false), waiting);
  try {
    const answer = await ask("talk", { message, state, client: preview.elements.client.value });
    if (answer.problems) {
      showProblems(answer.problems);
      throw new Error(words.broken);
    }
    ({ state } = answer);
    dialogue.push({ message, expect: answer.expect });
    waiting.replaceWith(bubble(answer.said, true));
    if (keep) keep.hidden = false;
  } catch (error) {
    box.value = message;
    waiting.replaceWith(element("li", failure(error), "rl-error"));
  } finally {
    talk.ariaBusy = "false";
    bubbles.scrollTop = bubbles.scrollHeight;
  }
};

talk?.addEventListener("submit", (event) => {
  event.preventDefault();
  tell();
});
talk?.elements.message.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.stopPropagation();
  tell();
});
$("[data-reset]")?.addEventListener("click", reset);

// --- tests ---------------------------------------------------------------------------------------------

const tests = $("[data-tests]");

const showTests = async (what, fields = {}) => {
  tests.ariaBusy = "true";
  try {
    const elements = await part(address(what), { text: code.text, format: code.format, ...fields });
    tests.replaceChildren(...elements.childNodes);
  } catch (error) {
    tests.append(element("p", failure(error), "rl-error"));
  } finally {
    tests.ariaBusy = "false";
  }
};

tests?.addEventListener("click", ({ target }) => {
  const { run, drop } = target.closest("button")?.dataset || {};
  if (run !== undefined) showTests("run");
  if (drop !== undefined) showTests("drop", { test: drop });
});
keep?.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const fields = { dialogue: JSON.stringify(dialogue), ...Object.fromEntries(new FormData(keep)) };
    const answer = await ask("keep", fields);
    keep.reset();
    say(answer.said);
    await showTests("tests");
    choose("tests");
  } catch (error) {
    say(failure(error), true);
  }
});

// --- tabs and keys -------------------------------------------------------------------------------------

const goToNode = ({ line }) => line && code.goTo(line);

const showGraph = () => {
  const place = $("[data-graph]");
  if (place && graph && !place.closest("[data-panel]").hidden) draw(place, graph, words.graph, goToNode);
};

$("[data-widen]")?.addEventListener("click", ({ currentTarget }) => {
  const isWide = page.classList.toggle("rl-editor-wide");
  currentTarget.setAttribute("aria-pressed", String(isWide));
  showGraph();
});

const choose = (name, withFocus = false) => {
  for (const tab of $$("[data-tab]")) {
    const isChosen = tab.dataset.tab === name;
    tab.ariaSelected = String(isChosen);
    tab.tabIndex = isChosen ? 0 : -1;
    if (isChosen && withFocus) tab.focus();
  }
  for (const panel of $$("[data-panel]")) panel.hidden = panel.dataset.panel !== name;
  showGraph();
};

const tabs = $$("[data-tab]");
for (const [i, tab] of tabs.entries()) {
  tab.addEventListener("click", () => choose(tab.dataset.tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.code];
    if (step) choose(tabs.at((i + step) % tabs.length).dataset.tab, true);
  });
}

// codes, not letters: a Russian keyboard sends other letters
addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || conflict.open) return;
  if (event.code === "KeyS") {
    event.preventDefault();
    save();
  }
  if (event.code === "Enter") {
    event.preventDefault();
    showReply();
  }
});
if (tabs.length) choose(tabs[0].dataset.tab);
document.documentElement.dataset.editor = "ready";
