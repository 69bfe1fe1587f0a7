/* Where the cursor stands in a document, and what the JSON Schema of its kind allows there.
 *
 * Read from the letters before the cursor alone, by indentation (YAML) or brackets (JSON): a document
 * that is being written is broken most of the time, and help is wanted then too.
 *
 * A place is {path, known, key, from, word}: `path` leads from the root ("" stands for an item of a list),
 * `known` holds the keys written beside it, `key` is set where its value is being written, and the word
 * under the cursor begins at `from`.
 */

const ENTRY = /^(\s*(?:-\s+)*)(?:(["']?)([\p{L}\w.-]+)\2\s*:(?:\s+(.*))?)?/u;

/** The marks of a YAML line: {column, key} for a key, key "" for the dash of a list's item. */
const marks = (line) => {
  const [, lead, , key, value = ""] = line.match(ENTRY);
  const found = [...lead.matchAll(/-/g)].map((dash) => ({ column: dash.index, key: "" }));
  if (/^\s*-$/.test(line)) found.push({ column: line.length - 1, key: "" });
  if (key !== undefined) found.push({ column: lead.length, key, value: value.trim() });
  return found;
};

const isBlank = (line) => /^\s*(#.*)?$/.test(line);

/** The keys of the mapping that stands at this column around the line. */
const neighbours = (lines, at, column) => {
  const known = new Map();
  const look = (line, isAbove) => {
    if (isBlank(line)) return true;
    const found = marks(line);
    const outer = found.some((mark) => mark.column < column) || (!found.length && line.search(/\S/) < column);
    const own = found.find((mark) => mark.column === column && mark.key);
    if (own && (isAbove || !outer)) known.set(own.key, own.value);
    return !outer;
  };
  const dashed = marks(lines[at]).some((mark) => mark.column < column && !mark.key);
  for (let i = at - 1; !dashed && i >= 0 && look(lines[i], true); i -= 1);
  for (let i = at + 1; i < lines.length && look(lines[i], false); i += 1);
  return known;
};

export const yamlPlace = (text, position) => {
  const lines = text.split("\n");
  const before = text.slice(0, position).split("\n");
  const at = before.length - 1;
  const written = before[at];
  if (/^\s*#/.test(written)) return null;
  const value = written.match(/^\s*(?:-\s+)*["']?([\p{L}\w.-]+)["']?\s*:\s+["']?([^"']*)$/u);
  const word = value ? value[2] : written.match(/[\p{L}\w.-]*$/u)[0].replace(/^-+/, "");
  const from = position - word.length;
  const start = value ? marks(written).at(-1).column : written.length - word.length;
  const path = [];
  let column = start;
  let isItem = false;
  for (let i = at; i >= 0; i -= 1) {
    const line = i === at ? written.slice(0, start) : lines[i];
    if (isBlank(line)) continue;
    for (const mark of marks(line).reverse()) {
      // the items of a list may stand right below its key
      if (mark.column >= column && !(isItem && mark.key && mark.column === column)) continue;
      path.unshift(mark.key);
      column = mark.column;
      isItem = !mark.key;
    }
  }
  return { path, known: neighbours(lines, at, start), key: value?.[1], from, word, indent: start };
};

const STRING = /"(?:[^"\\\n]|\\.)*("?)/y;

export const jsonPlace = (text, position) => {
  const stack = [];
  let i = 0;
  let open = null;
  while (i < position) {
    const frame = stack.at(-1);
    if (text[i] === '"') {
      STRING.lastIndex = i;
      const end = i + STRING.exec(text)[0].length;
      if (end > position || (end === position && text[end - 1] !== '"')) {
        open = i;
        break;
      }
      const content = text.slice(i + 1, end - 1);
      if (frame?.isValue) frame.known.set(frame.key, content);
      else if (frame) frame.key = content;
      i = end;
      continue;
    }
    if (text[i] === "{" || text[i] === "[") stack.push({ isList: text[i] === "[", known: new Map(), isValue: text[i] === "[" });
    else if (text[i] === "}" || text[i] === "]") stack.pop();
    else if (text[i] === ":" && frame) frame.isValue = true;
    else if (text[i] === "," && frame) frame.isValue = frame.isList;
    i += 1;
  }
  const frame = stack.at(-1);
  if (!frame) return null;
  const from = open ?? position - text.slice(0, position).match(/[\p{L}\w.-]*$/u)[0].length;
  const path = stack.slice(0, -1).map((each) => (each.isList ? "" : each.key));
  return {
    path: frame.isList ? [...path, ""] : path,
    known: frame.known,
    key: frame.isValue && !frame.isList ? frame.key : undefined,
    from,
    word: text.slice(from, position),
    isJson: true,
  };
};

/** The schemas that a schema stands for: references followed, alternatives side by side. */
const forms = (schema, root) => {
  if (!schema) return [];
  if (schema.$ref) return forms({ ...root.$defs[schema.$ref.split("/").pop()], ...schema, $ref: undefined }, root);
  const choices = schema.anyOf || schema.oneOf || schema.allOf;
  return choices ? choices.flatMap((choice) => forms({ description: schema.description, ...choice }, root)) : [schema];
};

const below = (schemas, part, root) =>
  schemas.flatMap((schema) => forms(part ? schema.properties?.[part] ?? schema.additionalProperties : schema.items, root));

/** Of alternatives those that agree with the values already written; all while none does. */
const agreeing = (schemas, known, root) => {
  const agrees = (schema) =>
    Object.entries(schema.properties || {}).every(([key, { const: only }]) => !only || !known.has(key) || known.get(key) === only);
  const fit = schemas.filter(agrees);
  return fit.length ? fit : schemas;
};

const typeOf = (schema, root) => forms(schema, root).find((form) => form.type !== "null") || {};

const isTold = (part) => part !== null && typeof part === "object";

/** What a new key brings along: its colon, and the beginning of a list or a mapping. */
const ending = (place, schema, root) => {
  const { type } = typeOf(schema, root);
  if (place.isJson) return { array: ": []", object: ": {}", string: ': ""' }[type] || ": ";
  const pad = "\n" + " ".repeat(place.indent + 2);
  return { array: `:${pad}- `, object: `:${pad}` }[type] || ": ";
};

const keysAt = (place, schemas, root) => {
  const found = new Map();
  for (const schema of agreeing(schemas, place.known, root))
    for (const [key, part] of Object.entries(schema.properties || {}))
      if (!place.known.has(key) && isTold(part)) found.set(key, { part, required: schema.required?.includes(key) });
  return [...found].map(([key, { part, required }]) => {
    const label = place.isJson ? JSON.stringify(key) : key;
    return {
      label: key,
      apply: label + ending(place, part, root),
      type: "property",
      info: part.description || typeOf(part, root).description,
      boost: required ? 1 : 0,
    };
  });
};

const valuesAt = (place, schemas, root, names) => {
  const parts = below(place.key ? schemas : [], place.key, root);
  const told = parts.flatMap((part) => part.enum || (part.const !== undefined ? [part.const] : part.type === "boolean" ? [true, false] : []));
  const all = [...new Set([...told, ...(names[place.key] || [])])];
  return all.map((value) => ({ label: String(value), apply: place.isJson ? JSON.stringify(value) : String(value), type: "enum" }));
};

/** Options at this place; `names` holds values by key that the document itself knows, such as its steps. */
export const optionsAt = (place, root, names = {}) => {
  const schemas = place.path.reduce((reached, part) => below(reached, part, root), forms(root, root));
  return place.key === undefined ? keysAt(place, schemas, root) : valuesAt(place, schemas, root, names);
};
