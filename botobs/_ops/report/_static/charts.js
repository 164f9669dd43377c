// Hands the data of each panel to Apache ECharts.
"use strict";
(() => {
  const charts = new Map();
  // What the page around them does: on a click on a measurement, and after a chart was drawn.
  const hooks = { trace: () => {}, drawn: () => {} };
  const EXEMPLARS = "single measurements";
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function number(value) {
    if (value === null || value === undefined) return "–";
    if (value !== 0 && Math.abs(value) < 0.01) return value.toExponential(1);
    const places = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
    return String(Number(value.toFixed(places)));
  }

  const escaped = (text) => echarts.format.encodeHTML(String(text));

  function base() {
    return {
      animation: false,
      useUTC: true,
      // The library measures texts on a canvas, which does not know "inherit".
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colour("text") },
      tooltip: {
        confine: true, backgroundColor: colour("panel"), borderColor: colour("line"),
        textStyle: { color: colour("text"), fontSize: 12 },
      },
    };
  }

  function axis(more) {
    return {
      axisLine: { lineStyle: { color: colour("line") } },
      axisTick: { show: false },
      axisLabel: { color: colour("faint"), fontSize: 11, hideOverlap: true, ...(more.axisLabel || {}) },
      splitLine: { show: Boolean(more.splitLine), lineStyle: { color: colour("line") } },
      ...Object.fromEntries(Object.entries(more).filter(([key]) => !["axisLabel", "splitLine"].includes(key))),
    };
  }

  const grid = { left: 4, right: 16, top: 10, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" };

  function timeAxis(start, end, width) {
    const letters = end - start < 600e3 ? 19 : 16;
    return axis({
      type: "time", min: start, max: end, splitNumber: Math.max(2, Math.floor(width / 110)),
      axisLabel: { formatter: (value) => new Date(value).toISOString().slice(11, letters) },
    });
  }

  function overTime(data, width) {
    const start = data.start * 1000;
    const step = data.step * 1000;
    const series = data.series.map((line) => {
      const tint = colour(line.colour);
      const bars = data.bars && !line.limit;
      return {
        name: line.name,
        type: bars ? "bar" : "line",
        data: line.values.map((value, place) => [start + place * step, value]),
        stack: data.stack && !line.limit ? "all" : undefined,
        showSymbol: line.values.filter((value) => value !== null).length < 2,
        symbolSize: 5,
        color: tint,
        lineStyle: { width: 1.5, type: line.limit ? "dashed" : "solid" },
        areaStyle: bars || line.limit ? undefined : { opacity: data.stack ? 0.25 : data.series.length > 4 ? 0 : 0.05 },
        barMaxWidth: 8,
        emphasis: { disabled: true },
      };
    });
    const end = start + (data.series[0].values.length - 1) * step;
    if (data.exemplars.length) {
      series.push({
        name: EXEMPLARS, type: "scatter", data: data.exemplars, symbol: "diamond", symbolSize: 8,
        color: colour("faint"),
        tooltip: {
          trigger: "item",
          formatter: ({ value: [, value, trace] }) => `${number(value)}${data.suffix}<br>trace ${escaped(trace)}`,
        },
      });
    }
    return {
      ...base(),
      grid,
      xAxis: timeAxis(start, end, width),
      yAxis: axis({
        type: "value", splitLine: true, splitNumber: 4, min: data.min ?? undefined, max: data.max ?? undefined,
        minInterval: data.whole ? 1 : undefined,
        interval: data.max !== null && data.min !== null ? (data.max - data.min) / 4 : undefined,
        axisLabel: { formatter: (value) => `${number(value)}${data.suffix}` },
      }),
      tooltip: {
        ...base().tooltip, trigger: "axis", order: "valueDesc",
        valueFormatter: (value) => `${number(value)}${data.suffix}`,
      },
      series,
    };
  }

  function bars(data) {
    return {
      ...base(),
      grid: { ...grid, right: 90 },
      xAxis: axis({ type: "value", min: 0, axisLabel: { show: false } }),
      yAxis: axis({ type: "category", data: data.names, inverse: true, axisLabel: { color: colour("text") } }),
      series: [{
        type: "bar", data: data.values, color: colour("series-0"), barMaxWidth: 18,
        label: {
          show: true, position: "right", color: colour("text"), formatter: (item) => data.texts[item.dataIndex],
        },
      }],
    };
  }

  function timeline(data, width) {
    const room = Math.min(320, width * 0.5);
    return {
      ...base(),
      grid,
      tooltip: {
        ...base().tooltip,
        formatter: (item) => {
          const [row, from, to, , state] = item.value;
          const clock = (moment) => new Date(moment).toISOString().slice(11, 19);
          return `${escaped(data.rows[row])}<br><b>${escaped(state)}</b> ${clock(from)} – ${clock(to)}`;
        },
      },
      xAxis: timeAxis(data.start, data.end, width),
      yAxis: axis({
        type: "category", data: data.rows, inverse: true,
        axisLabel: { color: colour("text"), interval: 0, width: room, overflow: "break", lineHeight: 13 },
      }),
      series: [{
        type: "custom",
        encode: { x: [1, 2], y: 0 },
        data: data.bars,
        renderItem: (params, api) => {
          const row = api.value(0);
          const from = api.coord([api.value(1), row]);
          const to = api.coord([api.value(2), row]);
          const height = api.size([0, 1])[1] * 0.7;
          return {
            type: "rect",
            shape: { x: from[0], y: from[1] - height / 2, width: Math.max(to[0] - from[0], 2), height },
            style: { fill: colour(api.value(3)) },
          };
        },
      }],
    };
  }

  // Where a node stands when layers are stacked: a layer whose names would touch goes down in steps.
  function stacked(nodes, layers, width, height) {
    const rows = nodes.reduce((rows, { x, name }) => rows.set(x, [...(rows.get(x) || []), name]), new Map());
    const stairs = new Map([...rows].map(([x, names]) => {
      const label = 14 + 7 * Math.max(...names.map((name) => name.length));
      const apart = (width - label) / Math.max(names.length - 1, 1);
      const steps = Math.min(Math.ceil(label / apart), names.length);
      return [x, { names, apart, steps, left: names.length === 1 ? width / 2 : label / 2 }];
    }));
    const deep = (to) => [...stairs].reduce((sum, [x, { steps }]) => x < to ? sum + 48 * (steps - 1) : sum, 0);
    const gap = (height - 90 - deep(Infinity)) / layers;
    return ({ x, name }) => {
      const { names, apart, steps, left } = stairs.get(x);
      const row = names.indexOf(name);
      return [left + row * apart, 30 + deep(x) + x * gap + row % steps * 48];
    };
  }

  // Where the figures of edges stand: on the edge, where they touch neither a node, its name nor other figures.
  // Edges that cross share their middle. What finds no place is left to the table.
  function figures(edges, places) {
    const taken = [...places].map(([name, [x, y]]) => ({ x, y: y + 12, width: Math.max(7 * name.length, 26), height: 56 }));
    const free = (box) => taken.every((other) => Math.abs(other.x - box.x) * 2 > other.width + box.width
      || Math.abs(other.y - box.y) * 2 > other.height + box.height);
    return edges.flatMap(({ source, target, text }) => {
      const [[left, top], [right, bottom]] = [places.get(source), places.get(target)];
      const box = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8]
        .map((part) => ({
          x: left + part * (right - left), y: top + part * (bottom - top), width: 12 + 6.5 * text.length, height: 20,
        }))
        .find(free);
      if (!box) return [];
      taken.push(box);
      return [{ name: text, value: [box.x, box.y] }];
    });
  }

  function graph(data, width, height) {
    const layers = Math.max(...data.nodes.map((node) => node.x)) || 1;
    // On a narrow screen the layers stand below each other.
    const upright = width < 600;
    const place = upright
      ? stacked(data.nodes, layers, width, height)
      : (node) => [80 + node.x / layers * (width - 180), node.y * height];
    const places = new Map(data.nodes.map((node) => [node.name, place(node)]));
    // An edge that passes a layer by goes around what stands there, always as far.
    const around = ({ source, target }) => {
      const [from, to] = [places.get(source), places.get(target)];
      return -110 / Math.hypot(to[0] - from[0], to[1] - from[1]);
    };
    return {
      ...base(),
      grid: { left: 0, right: 0, top: 0, bottom: 0 },
      xAxis: { type: "value", min: 0, max: width, show: false },
      yAxis: { type: "value", min: 0, max: height, show: false, inverse: true },
      series: [{
        type: "graph",
        coordinateSystem: "cartesian2d",
        edgeSymbol: ["none", "arrow"],
        edgeSymbolSize: 8,
        emphasis: { disabled: true },
        label: {
          show: true, position: "bottom", color: colour("text"), fontSize: 12, distance: 6,
          backgroundColor: colour("panel"), padding: [1, 3],
        },
        data: data.nodes.map((node) => {
          const tint = colour(node.colour);
          return { name: node.name, value: places.get(node.name), symbolSize: 26, itemStyle: { color: tint } };
        }),
        links: data.edges.map((edge) => ({
          source: edge.source, target: edge.target,
          lineStyle: {
            color: colour(edge.colour), width: 1.5, opacity: 1,
            curveness: edge.long ? around(edge) : 0,
          },
        })),
      }, {
        type: "scatter",
        symbolSize: 0,
        silent: true,
        z: 3,
        label: {
          show: true, position: "inside", formatter: "{b}", color: colour("faint"), fontSize: 11,
          backgroundColor: colour("panel"), padding: [1, 3],
        },
        // A long edge is bent around other nodes; the table has its figures.
        data: upright ? [] : figures(data.edges.filter((edge) => !edge.long), places),
      }],
    };
  }

  const OPTIONS = { time: overTime, bars, timeline, graph };

  function drawChart(element) {
    const data = JSON.parse(element.nextElementSibling.textContent);
    let chart = echarts.getInstanceByDom(element);
    if (!chart) {
      chart = echarts.init(element, null, { renderer: "svg" });
      charts.set(element, chart);
    }
    chart.setOption(OPTIONS[data.type](data, element.clientWidth, element.clientHeight), { notMerge: true });
    chart.off("click");
    chart.on("click", { seriesName: EXEMPLARS }, ({ value }) => hooks.trace(value[2]));
    hooks.drawn(chart, data);
    // The element's own text alternative says more than the drawing's parts do.
    element.firstElementChild.setAttribute("aria-hidden", "true");
  }

  function draw(within) {
    for (const element of within.querySelectorAll(".chart")) drawChart(element);
  }

  function forget(within) {
    for (const element of within.querySelectorAll(".chart")) {
      if (charts.delete(element)) echarts.dispose(element);
    }
  }

  // Calls `redraw` when the width of the page or its colours change.
  function whenLookChanges(redraw) {
    let width = window.innerWidth;
    let pending = 0;
    window.addEventListener("resize", () => {
      // Telephones resize the height whenever the address bar moves.
      if (window.innerWidth === width) return;
      width = window.innerWidth;
      cancelAnimationFrame(pending);
      pending = requestAnimationFrame(redraw);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  }

  window.botobsCharts = { draw, forget, hooks, whenLookChanges };
})();
