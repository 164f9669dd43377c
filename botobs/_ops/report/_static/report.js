// Shows one page of the report at a time.
"use strict";
(() => {
  const { draw, forget, hooks, whenLookChanges } = window.botobsCharts;
  hooks.trace = (id) => {
    if (document.getElementById(`trace-${id}`)) location.hash = `trace-${id}`;
  };

  const pages = [...document.querySelectorAll(".page")];
  const shown = () => pages.find((page) => !page.hidden);

  function show() {
    const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
    const page = (target && target.closest(".page")) || (target ? shown() : pages[0]) || pages[0];
    const changed = page !== shown() || pages.some((other) => other !== page && !other.hidden);
    for (const other of pages) other.hidden = other !== page;
    for (const link of document.querySelectorAll("nav a")) {
      if (link.hash === `#${page.id}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (changed) draw(page);
    if (!target) return;
    if (target.matches("details")) target.open = true;
    target.scrollIntoView();
  }

  function redraw() {
    for (const page of pages) forget(page);
    draw(shown());
  }

  whenLookChanges(redraw);
  window.addEventListener("hashchange", show);
  window.addEventListener("beforeprint", () => {
    for (const page of pages) page.hidden = false;
    draw(document);
  });
  window.addEventListener("afterprint", show);

  show();
})();
