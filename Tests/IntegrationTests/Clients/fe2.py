# SPDX-License-Identifier: Apache-2.0
"""Reads telemetry as the existing client's mapper does: rows are grouped by sensor_id, their time is ts or bucket, their
value is value or avg_value (so that a 0 is lost); a summary's sensors have last_reading_at.

Usage: fe2.py PORT HOST KEY DEVICE ASSET
Prints {"event": "mapped", "path", "status", "series": {sensor_id: [[time, value], …]}} for each route, and at last
{"event": "cards", …} with what the client's cards show.
"""
import http.client
import json
import re
import sys
from urllib.parse import urlencode

port, host, key, device, asset = int(sys.argv[1]), *sys.argv[2:]
time = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def get(path, query=()):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    # axios writes spaces as +, as urlencode does.
    connection.request("GET", f"/api{path}?{urlencode(query)}", None, {"Host": host, "X-Api-Key": key})
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def mapped(path, query, rows):
    status, content = get(path, query)
    series = {}
    for row in rows(content):
        at = row.get("ts") or row.get("bucket")
        value = row.get("value") or row.get("avg_value")
        if not isinstance(at, str) or not time.fullmatch(at):
            raise SystemExit(f"{path}: {row} has no time")
        series.setdefault(row["sensor_id"], []).append([at, value])
    print(json.dumps({"event": "mapped", "path": path, "status": status, "series": series}), flush=True)


def data(content):
    return content["data"]


def results(content):
    return content if isinstance(content, list) else content["results"]


for interval in ["raw", "5m", "15m", "1h", "auto"]:
    for path in [f"/telemetry/history/{device}/", f"/telemetry/assets/{asset}/history/"]:
        mapped(path, [("interval", interval), ("sensor_id", "temp_001"), ("sensor_id", "temp_002")], data)
mapped(f"/telemetry/latest/{device}/", [], lambda content: content["readings"])
mapped("/telemetry/readings/", [("device_id", device), ("page_size", 500)], results)
mapped("/telemetry/series/", [("bucket", "5m"), ("device_id", device), ("limit", 500)], results)

_, summary = get(f"/telemetry/device/{device}/summary/")
_, devices = get("/devices/", [("search", "theatre AHU"), ("is_online", "true")])
_, sites = get("/sites/", [("search", "hospital central")])
_, stats = get(f"/sites/{sites['results'][0]['id']}/stats/")
_, sensors = get(f"/devices/{devices['results'][0]['id']}/sensors/")
_, card = get(f"/devices/{devices['results'][0]['id']}/summary/")
measuring = [sensor for sensor in summary["sensors"] if sensor["last_reading_at"]]
print(json.dumps({
    "event": "cards",
    "summary": [[sensor["sensor_id"], sensor["last_value"], sensor["is_online"], sensor["status"]]
                for sensor in measuring],
    "status": summary["status"],
    "stats": sorted(stats),
    "online_devices": stats["online_devices"],
    "avg_device_availability": stats["avg_device_availability"],
    "sensors": sorted(sensors[0]),
    "device": sorted(devices["results"][0]),
    "variables": sorted(card["variables"][0]),
    "device_status": card["device_status"],
}), flush=True)
