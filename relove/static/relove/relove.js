/* What the theme's markup needs under a content policy without eval.
 *
 * The CSP build of Alpine evaluates expressions by itself and knows no globals, so everything the
 * theme's attributes name is put in scope here: its own functions, and look-alikes of window.
 */
"use strict";

document.addEventListener("alpine:init", () => {
  // The theme's functions are globals of its app.js; Alpine.data makes them callable in x-data.
  for (const name of ["theme", "searchForm", "searchDropdown", "searchCommand"]) {
    Alpine.data(name, window[name]);
  }

  Alpine.data("page", () => ({
    activeTab: "",
    sidebarMobileOpen: false,
    sidebarDesktopOpen: localStorage.getItem("sidebarDesktopOpen") !== "0",
    window: { location: { pathname: location.pathname, search: location.search } },
    moveRecords: (event) => moveRecords(event),
    sortRecords: (event) => sortRecords(event),
    init() {
      this.activeTab = getCurrentTab() || this.$el.dataset.activeTab || "";
    },
    toggleSidebar() {
      this.sidebarDesktopOpen = !this.sidebarDesktopOpen;
      localStorage.setItem("sidebarDesktopOpen", this.sidebarDesktopOpen ? "1" : "0");
    },
  }));
});

// in a narrow window cells carry their column's name, which starts small
document.addEventListener("DOMContentLoaded", () => {
  for (const cell of document.querySelectorAll("#result_list [data-label]")) {
    const words = cell.dataset.label;
    cell.dataset.label = words.charAt(0).toUpperCase() + words.slice(1);
  }
});

// style attributes are refused, setting a style by script is not
document.addEventListener("DOMContentLoaded", () => {
  for (const bar of document.querySelectorAll("[data-width]")) {
    bar.style.width = `${bar.dataset.width}%`;
  }
  for (const box of document.querySelectorAll("[data-max-height]")) {
    box.style.maxHeight = `${box.dataset.maxHeight}px`;
  }
});

// The theme compares letters, which a Russian keyboard does not send; codes name the key itself.
window.addEventListener("keydown", (event) => {
  const palette = event.code === "KeyK" && (event.ctrlKey || event.metaKey) && event.key !== "k";
  if (palette) {
    event.preventDefault();
    window.dispatchEvent(new CustomEvent("opencommand"));
  }
});
