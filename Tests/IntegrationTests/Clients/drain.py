# SPDX-License-Identifier: Apache-2.0
"""Takes over the MQTT session of a client that is gone: what it never acknowledged arrives.

Usage: drain.py PORT CLIENT_ID
Prints {"event": "drained", "session_present", "values": […]}, the values of the readings. The broker keeps the order: when
a marker comes that was published after everything else, there is nothing more.
"""
import json
import sys
import threading

import paho.mqtt.client as mqtt

MARKER = "tenants/none/devices/drain/sensors/marker"
values = []
connected = []
marked = threading.Event()


def receive(client, userdata, message):
    if message.topic == MARKER:
        marked.set()
    else:
        values.append(json.loads(message.payload)["value"])


def connect(client, userdata, flags, reason, properties):
    connected.append(flags.session_present)
    if flags.session_present:
        client.publish(MARKER, b"", qos=1)
    else:
        marked.set()


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=sys.argv[2], clean_session=False)
client.on_message = receive
client.on_connect = connect
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_start()
arrived = marked.wait(120)
client.loop_stop()
assert arrived, "the marker never came"
print(json.dumps({"event": "drained", "session_present": connected[0], "values": values}), flush=True)
