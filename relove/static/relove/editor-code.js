/* CodeMirror as the project uses it: the script's text with colours, completion and marked mistakes. */

import * as cm from "./vendor/codemirror.js";
import { jsonPlace, optionsAt, yamlPlace } from "./editor-schema.js";

const { nonce } = document.querySelector("style[nonce]");
const CHECK_AFTER = 400;

const { tags } = cm;
// classes, not colours: light and dark follow the theme's variables
const colours = cm.HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], class: "rl-code-key" },
  { tag: [tags.string, tags.content, tags.attributeValue], class: "rl-code-string" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], class: "rl-code-value" },
  { tag: [tags.comment, tags.lineComment], class: "rl-code-comment" },
  { tag: [tags.punctuation, tags.separator, tags.bracket, tags.squareBracket, tags.brace], class: "rl-code-mark" },
]);

/** What every text of ours has, whether it is written or only compared. */
const dress = (label, words) => [
  cm.EditorView.cspNonce.of(nonce),
  cm.EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
  cm.EditorView.lineWrapping,
  cm.EditorState.phrases.of(words),
  cm.syntaxHighlighting(colours),
  cm.lineNumbers(),
  cm.highlightSpecialChars(),
];

const language = (format) => (format === "json" ? cm.json() : cm.yaml());

const writing = [
  cm.highlightActiveLine(),
  cm.highlightActiveLineGutter(),
  cm.history(),
  cm.foldGutter(),
  cm.drawSelection(),
  cm.indentOnInput(),
  cm.indentUnit.of("  "),
  cm.bracketMatching(),
  cm.closeBrackets(),
  cm.search({ top: true }),
  cm.highlightSelectionMatches(),
];

const keys = [
  ...cm.closeBracketsKeymap,
  ...cm.completionKeymap,
  // Ctrl+Enter is the page's: it shows the reply
  ...cm.defaultKeymap.filter(({ key }) => key !== "Mod-Enter"),
  ...cm.searchKeymap,
  ...cm.historyKeymap,
  ...cm.foldKeymap,
  ...cm.lintKeymap,
  cm.indentWithTab,
];

const span = (doc, { line, column }) => {
  const row = doc.line(Math.min(Math.max(line, 1), doc.lines));
  const from = Math.min(row.from + Math.max(column - 1, 0), row.to);
  const word = doc.sliceString(from, row.to).match(/^[\p{L}\w-]+|^\S*/u)[0].length;
  return { from, to: Math.min(from + Math.max(word, 1), row.to) };
};

/** One text to write in. `check(text)` answers the server's problems; `changed()` hears of every change. */
export class Code {
  constructor(parent, { text, format, schema, label, words, check, changed }) {
    this.format = format;
    this.names = {};
    this.tongue = new cm.Compartment();
    const complete = (context) => this.complete(context, schema);
    this.view = new cm.EditorView({
      parent,
      doc: text,
      extensions: [
        ...dress(label, words),
        ...writing,
        this.tongue.of(language(format)),
        cm.autocompletion({ override: [complete], activateOnTyping: true, icons: false }),
        cm.linter((view) => this.check(view, check), { delay: CHECK_AFTER }),
        cm.lintGutter(),
        cm.EditorView.updateListener.of((update) => update.docChanged && changed()),
        cm.keymap.of(keys),
      ],
    });
  }

  get text() {
    return this.view.state.doc.toString();
  }

  async check(view, ask) {
    const { doc } = view.state;
    const problems = await ask(doc.toString());
    return problems
      .filter(({ line }) => line)
      .map((problem) => ({
        ...span(doc, problem),
        severity: problem.is_warning ? "warning" : "error",
        message: [problem.message, problem.expected].filter(Boolean).join(" "),
      }));
  }

  complete(context, schema) {
    const read = this.format === "json" ? jsonPlace : yamlPlace;
    const place = read(context.state.doc.toString(), context.pos);
    if (!place || (!context.explicit && !place.word && !place.key)) return null;
    const options = optionsAt(place, schema, this.names);
    if (!options.length) return null;
    // a quotation mark that was closed by itself goes with the word
    const to = place.isJson && place.word && context.state.sliceDoc(context.pos, context.pos + 1) === '"' ? 1 : 0;
    return { from: place.from, to: context.pos + to, options: options.map((each) => shown(each, place)), filter: true };
  }

  /** Other text, other format: one step that can be undone. */
  replace(text, format = this.format) {
    this.format = format;
    const effects = this.tongue.reconfigure(language(format));
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text }, effects });
  }

  recheck() {
    cm.forceLinting(this.view);
  }

  goTo(line, column = 1) {
    const { from } = span(this.view.state.doc, { line, column });
    this.view.dispatch({ selection: { anchor: from }, effects: cm.EditorView.scrollIntoView(from, { y: "center" }) });
    this.view.focus();
  }
}

const shown = (option, place) => (place.word.startsWith('"') ? { ...option, displayLabel: option.label, label: `"${option.label}"` } : option);

/** Two texts side by side, `a` the older; with `isWritten` the newer one can be changed. */
export const compare = (parent, { a, b, format, labels, words, isWritten = false }) =>
  new cm.MergeView({
    parent,
    a: { doc: a, extensions: [...dress(labels[0], words), language(format), cm.EditorState.readOnly.of(true)] },
    b: {
      doc: b,
      extensions: [
        ...dress(labels[1], words),
        language(format),
        ...(isWritten ? [cm.history(), cm.keymap.of(keys)] : [cm.EditorState.readOnly.of(true)]),
      ],
    },
    revertControls: isWritten ? "a-to-b" : undefined,
    collapseUnchanged: { margin: 3, minSize: 6 },
    gutter: true,
  });
