# SPDX-License-Identifier: Apache-2.0
"""Publishes numbered readings with QoS 1 and waits for the broker's acknowledgements.

Usage: publish.py PORT [--tenant T] [--device D] [--first N] [--count N] [--per-second N] [--base MICROSECONDS]
Reading n is of one of five sensors in turn, of value n / 256, measured n milliseconds after the base.
Prints {"event": "published", "count"} when the broker has acknowledged all of them.
"""
import argparse
import json
import time

import paho.mqtt.client as mqtt

SENSORS = [("temp_001", "°C"), ("temp_002", "°C"), ("humidity_001", "%"), ("pressure_001", "bar"),
           ("pressure_002", "bar")]

parser = argparse.ArgumentParser()
parser.add_argument("port", type=int)
parser.add_argument("--tenant", default="umc")
parser.add_argument("--device", default="ESP32-01")
parser.add_argument("--first", type=int, default=0)
parser.add_argument("--count", type=int, default=1)
parser.add_argument("--per-second", type=float, default=0)
parser.add_argument("--base", type=int, required=True)
arguments = parser.parse_args()

client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.max_inflight_messages_set(200)
client.connect("127.0.0.1", arguments.port)
client.loop_start()
sent = []
began = time.monotonic()
for n in range(arguments.first, arguments.first + arguments.count):
    sensor, unit = SENSORS[n % len(SENSORS)]
    topic = f"tenants/{arguments.tenant}/devices/{arguments.device}/sensors/{sensor}"
    seconds, micros = divmod(arguments.base + n * 1000, 1_000_000)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{micros:06d}Z"
    payload = json.dumps({"value": n / 256, "unit": unit, "timestamp": stamp})
    sent.append(client.publish(topic, payload.encode(), qos=1))
    if arguments.per_second:
        due = began + len(sent) / arguments.per_second
        time.sleep(max(0, due - time.monotonic()))
for message in sent:
    message.wait_for_publish(120)
assert all(message.is_published() for message in sent)
client.disconnect()
client.loop_stop()
print(json.dumps({"event": "published", "count": len(sent)}), flush=True)
