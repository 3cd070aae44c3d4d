// SPDX-License-Identifier: Apache-2.0
"use strict";

// The live page. Order of loading, so that nothing is missed and nothing shown twice:
//   1. open the event stream; its `start` says up to which cursor everything is history;
//   2. load the last hour, which now contains at least everything up to that cursor;
//   3. readings that came meanwhile are merged by sensor and time.
// A reconnected stream whose cursor moved, or a `gap`, makes step 2 run again.

const HOUR = 3600e3;
/** Points kept per sensor: an hour at one reading a second, and some room. */
const MAX_POINTS = 4000;
/** Without a reading for this long a sensor is shown as late, in ms. */
const LATE_AFTER = 5 * 60e3;
/** A line is broken where a sensor was silent for longer, in ms. */
const BREAK_AFTER = 5 * 60e3;
const RETRY_DELAY = 4000;
const COLOURS = 8;
const MAX_LINES = 8;
const TABLE_ROWS = 30;

const $ = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const tenantParameter = query.get("tenant");

/** Sensors by key. Points are [ms, value], ascending in time, one per time. */
const sensors = new Map();
const recent = [];
let source = null;
let cursor = null;
let retryTimer = null;
let lastReadingAt = null;
let clockOffset = 0;
let metric = null;
let spanMinutes = 60;
let chart = null;
let isDrawn = true;
let isLoadingPast = false;
let mustReloadPast = false;

// --- talking to the server

function url(path, parameters = {}) {
  const pairs = [];
  const all = tenantParameter ? { ...parameters, tenant: tenantParameter } : parameters;
  for (const [name, value] of Object.entries(all)) {
    pairs.push(`${name}=${encodeURIComponent(value)}`);
  }
  return pairs.length ? `${path}?${pairs.join("&")}` : path;
}

/** The server's clock: ages must be right on a computer whose own clock is not. */
function now() { return Date.now() + clockOffset; }

function learnClock(response) {
  const date = Date.parse(response.headers.get("date") || "");
  // The header has whole seconds; anything below two is noise.
  if (Number.isFinite(date) && Math.abs(date - Date.now()) > 2000) clockOffset = date - Date.now();
}

function connect() {
  clearTimeout(retryTimer);
  if (source) source.close();
  source = new EventSource(url("/ingest/stream/"));
  source.addEventListener("start", (event) => {
    const start = JSON.parse(event.data);
    for (const series of start.series) register(series);
    const hasMoved = start.cursor !== cursor;
    cursor = start.cursor;
    setState("live");
    if (hasMoved) loadPast();
    redraw();
  });
  source.addEventListener("series", (event) => {
    for (const series of JSON.parse(event.data).series) register(series);
    redraw();
  });
  source.addEventListener("reading", (event) => {
    if (event.lastEventId) cursor = event.lastEventId;
    for (const row of JSON.parse(event.data)) {
      const sensor = register(row);
      const time = Date.parse(row.timestamp);
      if (!insert(sensor, time, row.value)) continue;
      lastReadingAt = now();
      recent.unshift({ sensor, time, value: row.value });
    }
    recent.length = Math.min(recent.length, TABLE_ROWS);
    redraw();
  });
  source.addEventListener("gap", () => loadPast());
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) {
      diagnose();
    } else {
      setState("reconnecting");
    }
  };
}

/** The browser does not say why a stream was refused: asks again in a way that does. */
async function diagnose() {
  setState("reconnecting");
  const abort = new AbortController();
  try {
    const response = await fetch(url("/ingest/stream/"), { signal: abort.signal });
    learnClock(response);
    if (response.ok) {
      abort.abort();
      return retry(0);
    }
    const body = await response.json().catch(() => ({}));
    const [field, problem] = Object.entries(body)[0] || ["detail", response.statusText];
    const text = Array.isArray(problem) ? problem.join(" ") : String(problem);
    const isAboutTenant = field === "tenant" || /tenant/i.test(text);
    if (isAboutTenant && response.status < 500) {
      setState("no-tenant");
    } else {
      $("failure-title").textContent =
        response.status === 503 ? "Live data is not available right now" : "The server refused the live data";
      $("failure-text").textContent = `${text} (HTTP ${response.status})`;
      setState("failed");
    }
  } catch {
    // The server cannot be reached at all; what is on the page stays.
    setState("reconnecting");
  }
  retry(RETRY_DELAY);
}

function retry(delay) {
  clearTimeout(retryTimer);
  retryTimer = setTimeout(connect, delay);
}

/** Loads the last hour of every device, a few at a time. */
async function loadPast() {
  if (isLoadingPast) {
    mustReloadPast = true;
    return;
  }
  isLoadingPast = true;
  do {
    mustReloadPast = false;
    const devices = [...new Set([...sensors.values()].map((sensor) => sensor.device))];
    const failures = [];
    const worker = async () => {
      for (let device = devices.shift(); device !== undefined; device = devices.shift()) {
        try {
          await loadDevice(device);
        } catch (error) {
          failures.push(`${device}: ${error.message}`);
        }
        redraw();
      }
    };
    await Promise.all([worker(), worker(), worker()]);
    notify(failures.length ? `The past of some devices could not be loaded. ${failures[0]}` : "");
  } while (mustReloadPast);
  isLoadingPast = false;
  redraw();
}

async function loadDevice(device) {
  const path = encodeURIComponent(device);
  const latest = await getJSON(url(`/ingest/latest/${path}/`), 404);
  if (!latest) return;
  for (const row of latest.readings) {
    insert(register({ ...row, device_id: device }), Date.parse(row.timestamp), row.value);
  }
  const from = new Date(now() - HOUR).toISOString();
  // Devices' clocks may be a little ahead; what they sent is past all the same.
  const to = new Date(now() + 10 * 60e3).toISOString();
  const address = `/ingest/history/${path}/`;
  let past = await getJSON(url(address, { from, to, interval: "raw" }));
  if (past.truncated) past = await getJSON(url(address, { from, to, interval: "1m" }));
  for (const row of past.data) {
    insert(register({ ...row, device_id: device }), Date.parse(row.timestamp), row.value);
  }
}

/** @returns null for the status that means "nothing there". */
async function getJSON(address, nothing) {
  const response = await fetch(address);
  learnClock(response);
  if (response.status === nothing) return null;
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail || Object.values(body).flat().join(" "));
  return body;
}

// --- what is known

function register(row) {
  const key = JSON.stringify([row.device_id, row.sensor_id]);
  let sensor = sensors.get(key);
  if (!sensor) {
    sensor = {
      key, device: row.device_id, id: row.sensor_id, type: row.sensor_type || "", unit: row.unit || "",
      points: [], isShown: false, colour: 0, card: null,
    };
    sensors.set(key, sensor);
    const group = groupOf(sensor);
    const peers = [...sensors.values()].filter((other) => groupOf(other) === group);
    sensor.colour = (peers.length - 1) % COLOURS;
    sensor.isShown = peers.length <= MAX_LINES;
    if (metric === null) metric = group;
  }
  return sensor;
}

/** Sensors of one metric and unit share an axis. */
function groupOf(sensor) { return `${sensor.type}\u0000${sensor.unit}`; }

function groupTitle(group) {
  const [type, unit] = group.split("\u0000");
  return [title(type) || "Value", unit].filter(Boolean).join(" · ");
}

function title(text) {
  const words = text.replace(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

/** @returns false when the reading was known already. */
function insert(sensor, time, value) {
  const points = sensor.points;
  let at = points.length;
  while (at > 0 && points[at - 1][0] > time) at -= 1;
  if (at > 0 && points[at - 1][0] === time) return false;
  points.splice(at, 0, [time, value]);
  if (points.length > MAX_POINTS) points.splice(0, points.length - MAX_POINTS);
  return true;
}

// --- showing it

const STATE_TEXT = {
  connecting: "Connecting", live: "Live", reconnecting: "Reconnecting", failed: "No live data",
  "no-tenant": "No tenant",
};

function setState(state) {
  document.body.dataset.state = state;
  $("state").textContent = STATE_TEXT[state];
  redraw();
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
  $("failure").hidden = state !== "failed";
  $("empty").hidden = !(state === "live" && !hasSensors);
  $("dashboard").hidden = !hasSensors || state === "no-tenant";
  drawAges();
  if (!hasSensors) return;
  drawTabs();
  drawLegend();
  drawCards();
  if (window.Dygraph) drawChart(); else drawTable();
}

function drawTabs() {
  const groups = [...new Set([...sensors.values()].map(groupOf))].sort();
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
  for (const button of box.children) {
    button.setAttribute("aria-pressed", String(sensors.get(button.dataset.key).isShown));
  }
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
  card.querySelector(".value").textContent = last ? format(last[1]) : "no reading yet";
  card.querySelector(".unit").hidden = !last;
  fillAge(sensor);
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
  // The page has a legend of its own; that of dygraphs sets style attributes, which the page's policy forbids.
  Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);
  chart = new Dygraph($("chart"), rows, {
    ...options,
    connectSeparatedPoints: true, strokeWidth: 1.8, highlightCircleSize: 4, gridLineWidth: 1,
    yRangePad: 16,
    axisLabelFontSize: 12, interactionModel: {},
    axes: { x: { pixelsPerLabel: 90 }, y: { axisLabelWidth: 54, pixelsPerLabel: 44 } },
    highlightCallback: (event, time, points) => {
      for (const button of $("legend").children) {
        const point = points.find((point) => point.name === button.dataset.key);
        const isKnown = point && Number.isFinite(point.yval);
        button.querySelector("b").textContent = isKnown ? format(point.yval) : "";
      }
    },
    unhighlightCallback: () => {
      for (const value of $("legend").querySelectorAll("b")) value.textContent = "";
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
  $("rows").replaceChildren(...recent.map(({ sensor, time, value }) => {
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
  const name = tenantParameter || location.hostname.split(".")[0];
  $("tenant").textContent = name.toUpperCase();
  $("host").textContent = location.host;
  document.title = `${name.toUpperCase()} · TrakSense`;
  $("bare-host").textContent = tenantParameter ? `${location.host}/?tenant=${tenantParameter}` : location.host;
  const example = `umc.localhost${location.port ? `:${location.port}` : ""}`;
  $("example-host").textContent = example;
  $("example-host").href = `${location.protocol}//${example}/`;
  $("open").addEventListener("click", openTenant);
  $("slug").addEventListener("keydown", (event) => { if (event.key === "Enter") openTenant(); });
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
