// The range of time in the address: choosing, moving and zooming it, and keeping it from page to page.
"use strict";
(() => {
  const UNITS = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 };
  // The clock of the stack when the page was made: that of the device may be wrong.
  const ahead = Number(document.body.dataset.now) - Date.now();
  const clock = () => Date.now() + ahead;
  const address = () => new URL(location.href);

  function moment(text, now) {
    const found = /^now(?:-(\d+)([smhd]))?$/.exec(text);
    if (!found) return Number(text);
    return found[1] ? now - Number(found[1]) * UNITS[found[2]] : now;
  }

  // Both ends in milliseconds.
  function ends() {
    const now = clock();
    const words = address().searchParams;
    return [moment(words.get("from") || "now-1h", now), moment(words.get("to") || "now", now)];
  }

  function go(from, to) {
    const next = address();
    next.searchParams.set("from", typeof from === "number" ? Math.round(from) : from);
    next.searchParams.set("to", typeof to === "number" ? Math.round(to) : to);
    location.assign(next);
  }

  // Up to now a range goes on with the time.
  function between(from, to) {
    const now = clock();
    if (to - from < 10e3) [from, to] = [(from + to) / 2 - 5e3, (from + to) / 2 + 5e3];
    if (to < now - 5e3) go(from, to);
    else go(`now-${Math.max(10, Math.round((now - from) / 1e3))}s`, "now");
  }

  function listen() {
    const form = document.getElementById("range");
    if (!form) return;
    const choice = form.querySelector("select");
    choice.addEventListener("change", () => go(choice.value, choice.selectedOptions[0].dataset.to || "now"));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      const [from, to] = ends();
      const length = to - from;
      if (button.dataset.shift) between(from + button.dataset.shift * length / 2, to + button.dataset.shift * length / 2);
      const grown = Number(button.dataset.zoom || 1) - 1;
      // A range that goes on with the time goes on doing so.
      const end = to < clock() - 5e3 ? to + grown * length / 2 : to;
      if (grown) between(end - (1 + grown) * length, end);
    });
  }

  // Links within the console are about the same time; those between dashboards about the same service and bot too.
  function keep(within) {
    const here = address().searchParams;
    for (const link of within.querySelectorAll('a[href^="/"]')) {
      const to = new URL(link.href);
      for (const [name, value] of here) {
        const kept = name === "from" || name === "to" || (link.hasAttribute("data-keep") && name.startsWith("var-"));
        if (kept && !to.searchParams.has(name)) to.searchParams.set(name, value);
      }
      link.href = to.pathname + to.search + to.hash;
    }
  }

  window.botobsRanges = { between, clock, keep, listen };
})();
