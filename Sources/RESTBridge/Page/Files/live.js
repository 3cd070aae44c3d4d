// SPDX-License-Identifier: Apache-2.0
"use strict";

// What the live page shows of the readings that readings.js keeps.

/** Without a reading for this long a sensor is shown as late, in ms. */
const LATE_AFTER = 5 * 60e3;
/** A line is broken where a sensor was silent for longer, in ms. */
const BREAK_AFTER = 5 * 60e3;
const TABLE_ROWS = 30;
const $ = (id) => document.getElementById(id);
let spanMinutes = 60;
let chart = null;
let isDrawn = true;
/** What the pointer is over in the chart: the time, and the values then by sensor. */
let hovered = null;

// --- showing it

const STATE_TEXT = {
  connecting: "Connecting", live: "Live", reconnecting: "Reconnecting", failed: "No live data",
  "no-tenant": "No tenant", "signed-out": "Signed out",
};

function setState(state) {
  if (state === "live" && $("session").hidden) showUser();
  if (state === "signed-out") $("session").hidden = true;
  document.body.dataset.state = state;
  $("state").textContent = STATE_TEXT[state];
  draw();
}

function notify(text) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
}

/** Draws at most twice a second, however fast readings come. */
function redraw() {
  if (!isDrawn) return;
  isDrawn = false;
  setTimeout(() => {
    isDrawn = true;
    draw();
  }, 500);
}

function draw() {
  const state = document.body.dataset.state;
  const hasSensors = sensors.size > 0;
  $("no-tenant").hidden = state !== "no-tenant";
  $("signed-out").hidden = state !== "signed-out";
  $("failure").hidden = state !== "failed";
  $("empty").hidden = !(state === "live" && !hasSensors);
  $("dashboard").hidden = !hasSensors || ["no-tenant", "signed-out"].includes(state);
  $("tenant").textContent = state === "no-tenant" ? "No tenant" : tenantName.toUpperCase();
  drawAges();
  if (!hasSensors) return;
  drawTabs();
  drawLegend();
  drawCards();
  if (window.Dygraph) drawChart(); else drawTable();
}

function drawTabs() {
  const sizes = new Map();
  for (const sensor of sensors.values()) {
    sizes.set(groupOf(sensor), (sizes.get(groupOf(sensor)) || 0) + 1);
  }
  const groups = [...sizes.keys()].sort((a, b) => sizes.get(b) - sizes.get(a) || a.localeCompare(b));
  const box = $("metrics");
  sync(box, groups, (group) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = groupTitle(group);
    button.addEventListener("click", () => { metric = group; draw(); });
    return button;
  });
  for (const button of box.children) {
    button.setAttribute("aria-pressed", String(button.dataset.key === metric));
  }
}

function shownGroup() {
  return [...sensors.values()].filter((sensor) => groupOf(sensor) === metric).sort(byName);
}

function byName(a, b) {
  return a.device.localeCompare(b.device, undefined, { numeric: true })
    || a.id.localeCompare(b.id, undefined, { numeric: true });
}

function drawLegend() {
  const box = $("legend");
  sync(box, shownGroup().map((sensor) => sensor.key), (key) => {
    const sensor = sensors.get(key);
    const button = document.createElement("button");
    button.type = "button";
    button.className = `series-${sensor.colour}`;
    const value = document.createElement("b");
    button.append(document.createElement("i"), `${sensor.device} / ${sensor.id}`, value);
    button.addEventListener("click", () => { sensor.isShown = !sensor.isShown; draw(); });
    return button;
  });
  fillLegend();
}

/** Each sensor's newest value, or the one under the pointer. */
function fillLegend() {
  for (const button of $("legend").children) {
    const sensor = sensors.get(button.dataset.key);
    button.setAttribute("aria-pressed", String(sensor.isShown));
    const last = sensor.points[sensor.points.length - 1];
    const value = hovered ? hovered.values.get(sensor.key) : last && last[1];
    button.querySelector("b").textContent =
      Number.isFinite(value) ? `${format(value)} ${sensor.unit}` : "";
  }
  $("hovered").textContent = hovered ? `at ${new Date(hovered.time).toLocaleTimeString()}` : "now";
}

function drawCards() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = [...sensors.values()].filter((sensor) => {
    const text = `${sensor.device} ${sensor.id} ${title(sensor.type)} ${sensor.unit}`.toLowerCase();
    return words.every((word) => text.includes(word));
  }).sort(byName);
  $("count").textContent =
    matches.length === sensors.size ? `(${sensors.size})` : `(${matches.length} of ${sensors.size})`;
  sync($("cards"), matches.map((sensor) => sensor.key), makeCard);
  for (const sensor of matches) fillCard(sensor);
}

function makeCard(key) {
  const sensor = sensors.get(key);
  const card = document.createElement("button");
  card.type = "button";
  const part = (name, text) => {
    const element = document.createElement("span");
    element.className = name;
    element.textContent = text;
    return element;
  };
  const names = part("names", "");
  names.append(part("sensor", sensor.id), part("metric", title(sensor.type)));
  const reading = part("reading", "");
  reading.append(part("value", ""), part("unit", sensor.unit), part("when", ""));
  const spark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  spark.setAttribute("class", "spark");
  spark.setAttribute("viewBox", "0 0 100 40");
  spark.setAttribute("preserveAspectRatio", "none");
  spark.setAttribute("aria-hidden", "true");
  card.append(names, part("device", sensor.device), reading, spark);
  card.title = `${sensor.device} / ${sensor.id}`;
  card.addEventListener("click", () => {
    if (metric === groupOf(sensor)) {
      sensor.isShown = !sensor.isShown;
    } else {
      metric = groupOf(sensor);
      sensor.isShown = true;
    }
    draw();
  });
  sensor.card = card;
  return card;
}

function fillCard(sensor) {
  const card = sensor.card;
  const last = sensor.points[sensor.points.length - 1];
  const isCharted = groupOf(sensor) === metric && sensor.isShown;
  card.setAttribute("aria-pressed", String(isCharted));
  fillAge(sensor);
  if (!sensor.hasNewPoints) return;
  sensor.hasNewPoints = false;
  card.querySelector(".value").textContent = last ? format(last[1]) : "no reading yet";
  card.querySelector(".unit").hidden = !last;
  card.querySelector(".spark").replaceChildren(...sparkLines(sensor));
}

function fillAge(sensor) {
  const last = sensor.points[sensor.points.length - 1];
  const age = last ? now() - last[0] : null;
  sensor.card.className =
    `card series-${sensor.colour}${age === null ? " never" : age > LATE_AFTER ? " late" : ""}`;
  sensor.card.querySelector(".when").textContent = age === null ? "" : ageText(age);
}

function sparkLines(sensor) {
  const end = now();
  const start = end - 15 * 60e3;
  const points = thin(sensor.points.filter((point) => point[0] >= start), 120);
  if (points.length < 2) return [];
  const values = points.map((point) => point[1]);
  const low = Math.min(...values);
  const height = Math.max(...values) - low;
  const first = points[0][0];
  const width = Math.max(end, points[points.length - 1][0]) - first;
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  line.setAttribute("points", points.map(([time, value]) => {
    const x = 100 * (time - first) / width;
    const y = height === 0 ? 20 : 37 - 34 * (value - low) / height;
    return `${x.toFixed(2)},${y.toFixed(2)}`;
  }).join(" "));
  return [line];
}

/** Every n-th point, the last one always: enough for a line as small as a sparkline. */
function thin(points, most) {
  const step = Math.ceil(points.length / most);
  return points.filter((_, index) => (points.length - 1 - index) % step === 0);
}

function drawAges() {
  const state = document.body.dataset.state;
  $("age").textContent =
    lastReadingAt !== null ? `last reading ${ageText(now() - lastReadingAt)}`
    : state === "live" ? "waiting for a reading" : "";
  for (const sensor of sensors.values()) if (sensor.card) fillAge(sensor);
}

// --- the chart

function drawChart() {
  $("table-panel").hidden = true;
  const shown = shownGroup().filter((sensor) => sensor.isShown);
  const end = now();
  const start = end - spanMinutes * 60e3;
  const rows = chartRows(shown, start);
  const isEmpty = rows.length === 0;
  $("chart-empty").hidden = !isEmpty;
  $("chart").hidden = isEmpty;
  if (isEmpty) {
    $("chart-empty").textContent = shown.length === 0 ? "Choose a sensor below."
      : isLoadingPast ? "Loading the last hour…"
      : `No readings in the last ${spanMinutes} minutes. Waiting for the next one.`;
    return;
  }
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const options = {
    file: rows,
    labels: ["Time", ...shown.map((sensor) => sensor.key)],
    colors: shown.map((sensor) => colour(`--c${sensor.colour}`)),
    dateWindow: [start, end + spanMinutes * 600],
    gridLineColor: colour("--line"),
    axisLineColor: colour("--line"),
  };
  if (chart) {
    chart.updateOptions(options);
    return;
  }
  // Its legend sets inline styles, which the page's policy forbids; the page has its own.
  Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);
  chart = new Dygraph($("chart"), rows, {
    ...options,
    connectSeparatedPoints: true, strokeWidth: 1.8, highlightCircleSize: 4, gridLineWidth: 1,
    yRangePad: 16,
    axisLabelFontSize: 12, interactionModel: {},
    axes: { x: { pixelsPerLabel: 90 }, y: { axisLabelWidth: 54, pixelsPerLabel: 44 } },
    highlightCallback: (event, time, points) => {
      hovered = { time, values: new Map(points.map((point) => [point.name, point.yval])) };
      fillLegend();
    },
    unhighlightCallback: () => {
      hovered = null;
      fillLegend();
    },
  });
}

/** One row per time: null where a sensor has no value then, NaN where its line breaks. */
function chartRows(shown, start) {
  const byTime = new Map();
  shown.forEach((sensor, column) => {
    let before = null;
    for (const [time, value] of sensor.points) {
      if (time < start) continue;
      if (before !== null && time - before > BREAK_AFTER) cell(before + 1, column, NaN);
      cell(time, column, value);
      before = time;
    }
  });
  return [...byTime.values()].sort((a, b) => a[0] - b[0]);

  function cell(time, column, value) {
    let row = byTime.get(time);
    if (!row) {
      row = [new Date(time), ...shown.map(() => null)];
      byTime.set(time, row);
    }
    row[column + 1] = value;
  }
}

function drawTable() {
  $("chart").closest(".chart-panel").hidden = true;
  $("table-panel").hidden = false;
  const newest = [...sensors.values()]
    .flatMap((sensor) => sensor.points.slice(-TABLE_ROWS).map(([time, value]) => ({ sensor, time, value })))
    .sort((a, b) => b.time - a.time)
    .slice(0, TABLE_ROWS);
  $("rows").replaceChildren(...newest.map(({ sensor, time, value }) => {
    const row = document.createElement("tr");
    const texts = [
      new Date(time).toLocaleTimeString(), sensor.device, sensor.id, title(sensor.type),
      `${format(value)} ${sensor.unit}`,
    ];
    texts.forEach((text, index) => {
      const cell = document.createElement("td");
      cell.textContent = text;
      if (index === 4) cell.className = "number";
      row.append(cell);
    });
    return row;
  }));
}

// --- small things

/** Makes the children of `box` be those of `keys`, in order, keeping the ones that are there. */
function sync(box, keys, make) {
  const old = new Map([...box.children].map((child) => [child.dataset.key, child]));
  const wanted = keys.map((key) => {
    const child = old.get(key) || make(key);
    child.dataset.key = key;
    return child;
  });
  const isSame = wanted.length === box.children.length
    && wanted.every((child, index) => child === box.children[index]);
  if (!isSame) box.replaceChildren(...wanted);
}

function format(value) {
  const digits = Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 100 ? 1 : 2;
  return value.toLocaleString(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function ageText(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 2) return "just now";
  if (seconds < 90) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.round(hours / 24)} d ago`;
}

function openTenant() {
  const slug = $("slug").value.trim();
  if (slug) location.search = `?tenant=${encodeURIComponent(slug)}`;
}

function start() {
  $("tenant").textContent = tenantName.toUpperCase();
  $("host").textContent = location.host;
  document.title = `${tenantName.toUpperCase()} · TrakSense`;
  $("bare-host").textContent = tenantParameter ? `${location.host}/?tenant=${tenantParameter}` : location.host;
  const example = `umc.localhost${location.port ? `:${location.port}` : ""}`;
  $("example-host").textContent = example;
  $("example-host").href = `${location.protocol}//${example}/`;
  $("open").addEventListener("click", openTenant);
  $("slug").addEventListener("keydown", (event) => { if (event.key === "Enter") openTenant(); });
  $("sign-in").addEventListener("submit", signIn);
  $("sign-out").addEventListener("click", signOut);
  $("filter").addEventListener("input", () => draw());
  $("spans").addEventListener("click", (event) => {
    const minutes = event.target.dataset.minutes;
    if (!minutes) return;
    spanMinutes = Number(minutes);
    for (const button of $("spans").children) {
      button.setAttribute("aria-pressed", String(button === event.target));
    }
    draw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
  setInterval(drawAges, 1000);
  connect();
}

start();
