/* What changes on the server, without reloading. Events say that something changed, never what: the page
 * fetches afresh. After every reconnect it does too, because events during the gap are lost. */

const LONGEST_PAUSE = 30_000;
const SILENCE = 45_000;
const SIGNED_OUT = 4403;

let socket = null;
let pause = 1000;
let watch = 0;
let retry = 0;
let resyncs = 0;
const followers = new Map();

const say = (state) => (document.documentElement.dataset.live = state);

const tellAll = () => {
  document.documentElement.dataset.resync = String(++resyncs);
  for (const callbacks of followers.values()) for (const callback of callbacks) callback();
};

const listen = (event) => {
  const message = JSON.parse(event.data);
  clearTimeout(watch);
  watch = setTimeout(() => socket?.close(), SILENCE);
  if (message.kind === "changed") for (const callback of followers.get(message.topic) || []) callback();
};

const open = () => {
  clearTimeout(retry);
  if (socket) return;
  let wasOpen = false;
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/live/`);
  socket.onopen = () => {
    wasOpen = true;
    pause = 1000;
    say("on");
    tellAll();
  };
  socket.onmessage = listen;
  socket.onclose = (event) => {
    socket = null;
    clearTimeout(watch);
    say("off");
    if (event.code === SIGNED_OUT) return location.reload();
    retry = setTimeout(open, wasOpen ? 200 : pause * (0.7 + 0.6 * Math.random()));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  };
};

/** Call back whenever something of `topic` may have changed. */
export const follow = (topic, callback) => {
  followers.set(topic, [...(followers.get(topic) || []), callback]);
  open();
};

addEventListener("online", open);
addEventListener("pageshow", (event) => event.persisted && open());
document.addEventListener("visibilitychange", () => !document.hidden && followers.size && open());
