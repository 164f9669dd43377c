// What a person would see wrong on the page that is shown; a list of sentences.
() => {
  const faults = [];
  const visible = document.querySelector(".page:not([hidden])");
  const name = (element) => {
    const panel = element.closest(".panel, .trace, section, header, nav, footer");
    const heading = panel && panel.querySelector("h4, h2, h1, summary");
    return heading ? heading.textContent.trim() : element.tagName;
  };
  const style = getComputedStyle(document.documentElement);
  const tints = new Set();
  for (const key of [...Array(10).keys()].map((place) => `series-${place}`).concat("bad", "throttle", "own", "unseen")) {
    const value = parseInt(style.getPropertyValue(`--${key}`).trim().slice(1), 16);
    tints.add(`rgb(${value >> 16}, ${(value >> 8) & 255}, ${value & 255})`);
  }

  if (document.documentElement.scrollWidth > innerWidth) faults.push("the page is wider than the screen");

  for (const panel of visible.querySelectorAll(".panel")) {
    const view = panel.querySelector(".view");
    const chart = view.querySelector(".chart");
    if (chart) {
      const painted = [...chart.querySelectorAll("svg *")].some((each) => {
        const { fill, stroke } = getComputedStyle(each);
        const { width, height } = each.getBoundingClientRect();
        return (tints.has(fill) || tints.has(stroke)) && width + height > 1;
      });
      if (!painted) faults.push(`${name(panel)}: the chart is empty`);
      if (!chart.getAttribute("aria-label")) faults.push(`${name(panel)}: the chart has no text alternative`);
    } else if (!view.innerText.trim()) {
      faults.push(`${name(panel)}: nothing, and no reason`);
    }
  }

  // Every piece of text, with the rectangles of its lines and the box beyond which it cannot be seen.
  const pieces = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest("script, style, .skip") || !element.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    let room = null;
    for (let box = element; box !== document.body; box = box.parentElement) {
      const overflow = getComputedStyle(box).overflowX;
      if (box.tagName === "svg" || overflow === "hidden" || overflow === "auto") {
        room = { box: box.getBoundingClientRect(), scrolls: overflow === "auto" };
        break;
      }
    }
    for (const line of range.getClientRects()) {
      if (line.width < 1) continue;
      if (room && (line.bottom > room.box.bottom + 1 || line.right > room.box.right + 1 || line.left < room.box.left - 1
        || line.top < room.box.top - 1)) {
        if (!room.scrolls) faults.push(`${name(element)}: "${node.textContent.trim()}" is cut`);
        continue;
      }
      pieces.push({ text: node.textContent.trim(), line, element });
    }
  }

  pieces.sort((one, other) => one.line.top - other.line.top);
  for (let place = 0; place < pieces.length; place++) {
    const { line, text, element } = pieces[place];
    for (let next = place + 1; next < pieces.length && pieces[next].line.top < line.bottom; next++) {
      const other = pieces[next].line;
      const across = Math.min(line.right, other.right) - Math.max(line.left, other.left);
      const down = Math.min(line.bottom, other.bottom) - Math.max(line.top, other.top);
      // Boxes of lines that follow each other may touch: letters do not fill theirs.
      if (across > 2 && down > 4) faults.push(`${name(element)}: "${text}" overlaps "${pieces[next].text}"`);
    }
  }
  return faults;
}
