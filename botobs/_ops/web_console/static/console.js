// Fills the places of a page as the blocks come, looks again, and runs the queries of a runbook.
"use strict";
(() => {
  const { draw, forget, hooks, whenLookChanges } = window.botobsCharts;
  const ranges = window.botobsRanges;
  const contents = new Map();

  hooks.trace = (id) => location.assign(`/traces/${encodeURIComponent(id)}`);

  // A drag over a picture of time zooms into it.
  hooks.drawn = (chart, data) => {
    if (data.type !== "time" && data.type !== "timeline") return;
    chart.setOption({ brush: { xAxisIndex: "all", toolbox: [] } });
    chart.dispatchAction({
      type: "takeGlobalCursor", key: "brush",
      brushOption: { brushType: "lineX", brushMode: "single" },
    });
    chart.off("brushEnd");
    chart.on("brushEnd", ({ areas }) => {
      if (areas.length && areas[0].coordRange) ranges.between(...areas[0].coordRange);
    });
  };

  // Where a button of the mouse or a finger is down, and when something was last selected.
  let held = null;
  let selected = 0;
  document.addEventListener("pointerdown", ({ target }) => { held = target; });
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => { held = null; });
  document.addEventListener("selectionchange", () => { selected = Date.now(); });

  // What somebody is drawing over, choosing, typing in or copying is not taken from under the hand; what was selected and
  // then left alone is, or the page would stand still unseen.
  function inUse(block) {
    const focused = document.activeElement;
    const { isCollapsed, anchorNode } = getSelection();
    return (held && block.contains(held))
      || (block.contains(focused) && focused.matches("input, select"))
      || (!isCollapsed && block.contains(anchorNode) && Date.now() - selected < 20e3);
  }

  function place(block, html) {
    if (contents.get(block) === html || inUse(block)) return;
    contents.set(block, html);
    const open = [...block.querySelectorAll("details")].map((each) => each.open);
    const scrolled = [...block.querySelectorAll(".scroll")].map((each) => [each.scrollLeft, each.scrollTop]);
    forget(block);
    block.innerHTML = html;
    block.querySelectorAll("details").forEach((each, number) => { each.open = open[number] ?? each.open; });
    ranges.keep(block);
    draw(block);
    block.querySelectorAll(".scroll").forEach((each, number) => { if (scrolled[number]) each.scrollTo(...scrolled[number]); });
  }

  function fill({ block: name, html }) {
    const block = document.querySelector(`[data-block="${CSS.escape(name)}"]`);
    if (!block) return;
    block.removeAttribute("aria-busy");
    place(block, html);
  }

  // Every line of the answer is a block; those that are there are shown while others are waited for.
  async function read(answer) {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) fill(JSON.parse(line));
    }
  }

  const live = document.getElementById("live");
  let asOf = "";
  const chosen = document.getElementById("refresh");
  let waiting = 0;

  // A page that has stopped must not look like one on which all is well.
  function tell(words, lost) {
    if (!live) return;
    live.textContent = words;
    live.classList.toggle("lost", lost);
  }

  // Whoever is no longer signed in finds the form on the page itself.
  function refused(answer) {
    if (answer.status === 403) location.reload();
    return new Error(`the console answers ${answer.status}`);
  }

  async function look() {
    clearTimeout(waiting);
    if (!document.querySelector("[data-block]")) return;
    try {
      const answer = await fetch(`/blocks${location.pathname}${location.search}`, { cache: "no-store" });
      if (!answer.ok) throw refused(answer);
      await read(answer);
      asOf = `as of ${new Date(ranges.clock()).toISOString().slice(11, 19)} UTC`;
      tell(asOf, false);
    } catch (error) {
      tell(`not live, ${asOf || "never filled"}: ${error.message}`, true);
    }
    const seconds = document.body.dataset.live === "1" ? Number(chosen ? chosen.value : document.body.dataset.refresh) : 0;
    if (seconds) waiting = setTimeout(look, seconds * 1000);
  }

  async function run(button) {
    let answer = button.nextElementSibling;
    while (answer && !answer.matches("pre")) answer = answer.nextElementSibling;
    let shown = answer.nextElementSibling;
    if (!shown || !shown.matches(".answer")) {
      shown = Object.assign(document.createElement("div"), { className: "answer" });
      shown.setAttribute("role", "status");
      answer.after(shown);
    }
    shown.textContent = "Looking …";
    try {
      const found = await fetch(button.dataset.run, { cache: "no-store" });
      if (found.status === 403) throw refused(found);
      shown.innerHTML = await found.text();
      ranges.keep(shown);
    } catch (error) {
      shown.textContent = `The console does not answer: ${error.message}`;
    }
  }

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (!button) return;
    if (button.dataset.run) run(button);
    if ("runAll" in button.dataset) document.querySelectorAll("[data-run]").forEach(run);
  });
  document.addEventListener("change", ({ target }) => {
    const form = target.closest("#variables");
    if (!form) return;
    const next = new URL(location.href);
    for (const [name, value] of new FormData(form)) {
      if (value) next.searchParams.set(name, value);
      else next.searchParams.delete(name);
    }
    location.assign(next);
  });
  if (chosen) {
    const kept = sessionStorage.getItem("refresh");
    if (kept !== null && [...chosen.options].some((each) => each.value === kept)) chosen.value = kept;
    chosen.addEventListener("change", () => {
      sessionStorage.setItem("refresh", chosen.value);
      look();
    });
  }

  function redraw() {
    forget(document);
    draw(document);
  }

  whenLookChanges(redraw);
  document.addEventListener("visibilitychange", () => {
    // A page that nobody sees asks nothing.
    if (document.hidden) clearTimeout(waiting);
    else look();
  });

  ranges.listen();
  ranges.keep(document);
  look();
})();
