/* Requests of our own pages: at most three at once, in order; a refusal is an Error with the server's words. */

const AT_ONCE = 3;
const waiting = [];
let running = 0;

const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";

const next = () => {
  if (running >= AT_ONCE || !waiting.length) return;
  running += 1;
  const { work, done, failed } = waiting.shift();
  work().then(done, failed).finally(() => {
    running -= 1;
    next();
  });
};

const inLine = (work) =>
  new Promise((done, failed) => {
    waiting.push({ work, done, failed });
    next();
  });

const answerOf = (response) => {
  // the sign-in page stands where the answer should be
  if (response.redirected) location.reload();
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response;
};

const data = async (response) => {
  const answer = await answerOf(response).json();
  if (answer.reason) throw new Error(answer.reason);
  return answer;
};

export const form = (fields = {}) => {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", token());
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return body;
};

/** POST fields; the answer's JSON. */
export const post = (url, fields) =>
  inLine(async () => data(await fetch(url, { method: "POST", body: form(fields) })));

/** GET data. */
export const read = (url) => inLine(async () => data(await fetch(url)));

/** GET a part of a page, or POST fields for it: its elements, made by our own server's templates. */
export const part = (url, fields) =>
  inLine(async () => {
    const request = fields ? { method: "POST", body: form(fields) } : {};
    const text = await answerOf(await fetch(url, request)).text();
    return new DOMParser().parseFromString(text, "text/html").body;
  });
