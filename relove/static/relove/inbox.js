// The open thread: shown from its end, noted as read, answered with Ctrl and Enter.
"use strict";

const bubbles = document.querySelector("[data-bubbles]");
if (bubbles) bubbles.scrollTop = bubbles.scrollHeight;

const answer = document.querySelector("[data-answer]");
if (answer) {
  if ("unread" in answer.dataset) {
    const read = new FormData();
    read.set("csrfmiddlewaretoken", answer.elements.csrfmiddlewaretoken.value);
    read.set("what", "read");
    fetch(answer.action, { method: "POST", body: read, redirect: "manual" });
  }
  answer.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key === "Enter") {
      event.preventDefault();
      answer.requestSubmit(answer.querySelector(".rl-button-primary"));
    }
  });
}
