# SPDX-License-Identifier: Apache-2.0
"""Takes over the MQTT session of a client that is gone: what it never acknowledged arrives.

Usage: drain.py PORT CLIENT_ID
Prints {"event": "drained", "values": […]}, the values of the readings, when nothing came for a second.
"""
import json
import sys
import time

import paho.mqtt.client as mqtt

values = []
last = time.monotonic()
connected = []


def receive(client, userdata, message):
    global last
    last = time.monotonic()
    values.append(json.loads(message.payload)["value"])


def connect(client, userdata, flags, reason, properties):
    global last
    last = time.monotonic()
    connected.append(flags.session_present)


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=sys.argv[2], clean_session=False)
client.on_message = receive
client.on_connect = connect
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_start()
while not connected or time.monotonic() - last < 1:
    time.sleep(0.02)
client.loop_stop()
print(json.dumps({"event": "drained", "session_present": connected[0], "values": values}), flush=True)
