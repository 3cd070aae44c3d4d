// SPDX-License-Identifier: Apache-2.0
"use strict";

// The live page's readings; live.js shows them. Order of loading, so that nothing is missed and nothing
// shown twice:
//   1. open the event stream; its `start` says up to which cursor everything is history;
//   2. load the last hour, which now contains at least everything up to that cursor;
//   3. readings that came meanwhile are merged by sensor and time.
// A reconnected stream whose cursor moved, or a `gap`, makes step 2 run again.

const HOUR = 3600e3;
/** Points kept per sensor: an hour at one reading a second, and some room. */
const MAX_POINTS = 4000;
const RETRY_DELAY = 4000;
const COLOURS = 8;
const MAX_LINES = 8;

const query = new URLSearchParams(location.search);
const tenantParameter = query.get("tenant");
/** Tenants' hosts begin with their names. */
const tenantName = tenantParameter || location.hostname.split(".")[0];

/** Sensors by key. Points are [ms, value], ascending in time, one per time. */
const sensors = new Map();
let source = null;
let cursor = null;
let retryTimer = null;
let lastReadingAt = null;
let clockOffset = 0;
let metric = null;
let isLoadingPast = false;
/** Devices whose past was asked for since the stream's last start or gap. */
const loaded = new Set();

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
    if (hasMoved) reloadPast();
    redraw();
  });
  source.addEventListener("series", (event) => {
    for (const series of JSON.parse(event.data).series) register(series);
    loadPast();
    redraw();
  });
  source.addEventListener("reading", (event) => {
    if (event.lastEventId) cursor = event.lastEventId;
    for (const row of JSON.parse(event.data)) {
      const sensor = register(row);
      const time = Date.parse(row.timestamp);
      if (insert(sensor, time, row.value)) lastReadingAt = now();
    }
    redraw();
  });
  source.addEventListener("gap", reloadPast);
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
  // A failure that is known already stays on the page until it has passed.
  if (["live", "connecting"].includes(document.body.dataset.state)) setState("reconnecting");
  const abort = new AbortController();
  try {
    const response = await fetchSignedIn(url("/ingest/stream/"), { signal: abort.signal });
    learnClock(response);
    if (response.ok) {
      abort.abort();
      return retry(0);
    }
    // Signing in connects again.
    if (response.status === 401) return setState("signed-out");
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

/** Everything that was loaded may miss something: load it all again. */
function reloadPast() {
  loaded.clear();
  loadPast();
}

/** Loads the last hour of every device that was not loaded yet, a few at a time. */
async function loadPast() {
  if (isLoadingPast) return;
  isLoadingPast = true;
  const failures = [];
  const worker = async () => {
    for (let device = nextToLoad(); device !== undefined; device = nextToLoad()) {
      loaded.add(device);
      try {
        await loadDevice(device);
      } catch (error) {
        failures.push(`${device}: ${error.message}`);
      }
      redraw();
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  isLoadingPast = false;
  notify(failures.length ? `The past of some devices could not be loaded. ${failures[0]}` : "");
  redraw();
}

function nextToLoad() {
  for (const sensor of sensors.values()) if (!loaded.has(sensor.device)) return sensor.device;
  return undefined;
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
  const response = await fetchSignedIn(address);
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
      points: [], isShown: false, colour: 0, card: null, hasNewPoints: true,
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
  // Such as CO2 and VOC.
  if (words.length <= 3) return words.toUpperCase();
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

/** @returns false when the reading was known already. */
function insert(sensor, time, value) {
  const points = sensor.points;
  let at = points.length;
  while (at > 0 && points[at - 1][0] > time) at -= 1;
  if (at > 0 && points[at - 1][0] === time) return false;
  points.splice(at, 0, [time, value]);
  sensor.hasNewPoints = true;
  if (points.length > MAX_POINTS) points.splice(0, points.length - MAX_POINTS);
  return true;
}
