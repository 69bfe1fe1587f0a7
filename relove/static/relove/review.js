/* Keys and choices of the review queue. Without this script the page works by mouse all the same. */
"use strict";

(() => {
  const hand = document.querySelector(".rl-hand");
  const open = (name) => {
    for (const box of document.querySelectorAll(".rl-decide details")) {
      box.open = box.hasAttribute(`data-${name}`) && !box.open;
    }
    document.querySelector(`.rl-decide details[open] textarea, .rl-decide details[open] input[type=radio]`)?.focus();
  };
  const close = () => document.querySelectorAll(".rl-decide details").forEach((box) => (box.open = false));
  const go = (url) => url && location.assign(url);
  const isTyping = (target) =>
    target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio])");

  // By code, not by letter: on the Russian layout the key J sends «о».
  const keys = {
    KeyJ: () => go(hand.dataset.next),
    KeyK: () => go(hand.dataset.previous),
    KeyA: () => document.querySelector("[data-approve] [name=what]")?.click(),
    KeyE: () => open("edit"),
    KeyR: () => open("reject"),
    Escape: close,
  };

  const chooseReason = (event) => {
    const digit = /^Digit([1-9])$/.exec(event.code);
    const box = document.querySelector("details[data-reject][open]");
    const choice = digit && box?.querySelectorAll("input[type=radio]")[digit[1] - 1];
    if (choice) {
      choice.checked = true;
      box.querySelector("button").focus();
    }
    return Boolean(choice);
  };

  document.addEventListener("keydown", (event) => {
    if (!hand || event.isComposing) return;
    if (event.code === "Enter" && event.ctrlKey && event.target.matches("[data-edit] textarea")) {
      event.preventDefault();
      document.querySelector("[data-save]").click();
      return;
    }
    if (event.code === "Escape") return close();
    if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    if (chooseReason(event)) return event.preventDefault();
    if (keys[event.code]) {
      event.preventDefault();
      keys[event.code]();
    }
  });

  for (const button of document.querySelectorAll("[data-open]")) {
    button.addEventListener("click", () => open(button.dataset.open));
  }

  const boxes = [...document.querySelectorAll("[name=_selected_action]")];
  const bulk = document.querySelector("[data-bulk]");
  const countChosen = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    const words = bulk.querySelector("[data-bulk-count]");
    bulk.hidden = chosen === 0;
    words.textContent = `${words.dataset.words} ${chosen}`;
  };
  if (bulk) {
    boxes.forEach((box) => box.addEventListener("change", countChosen));
    document.querySelector("[data-check-all]").addEventListener("change", (event) => {
      boxes.forEach((box) => (box.checked = event.target.checked));
      countChosen();
    });
    countChosen();
  }
  document.querySelector(".rl-current")?.scrollIntoView({ block: "nearest" });
})();
