# SPDX-License-Identifier: Apache-2.0
"""One subscriber stops reading while another reads on and readings are ingested; then it reads the rest.

Usage: slow_reader.py ADDRESS TENANT KEY DEVICE SENSOR UNIT BATCHES POINTS FIRST_SECONDS
Prints one JSON line with what both saw and how long everything took.
"""
import json
import sys
import threading
import time

import grpc
from blocks import Digest
from keys import signed_in
from traksense.v1 import telemetry_pb2 as pb
from traksense.v1 import telemetry_pb2_grpc as rpc

address, tenant, key, device, sensor, unit = sys.argv[1:7]
batches, points, first = map(int, sys.argv[7:])
# A fixed window: what the slow reader does not read stays at the server.
options = [("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0),
           ("grpc.http2.lookahead_bytes", 65_535)]


class Reader:
    def __init__(self):
        self.channel = grpc.insecure_channel(address, options)
        self.stream = rpc.TelemetryServiceStub(self.channel).Subscribe(
            pb.SubscribeRequest(slow_reader=pb.GAP), metadata=signed_in(tenant))
        self.start = next(self.stream).start.cursor
        self.digest, self.cursors, self.gaps, self.times = Digest(), [], [], {}

    def read_to(self, cursor):
        while not self.cursors or self.cursors[-1] < cursor:
            message = next(self.stream)
            if message.WhichOneof("event") == "gap":
                self.gaps.append([message.gap.from_cursor, message.gap.to_cursor])
                self.cursors.extend(range(message.gap.from_cursor, message.gap.to_cursor + 1))
            elif message.WhichOneof("event") == "block":
                self.times[message.block.cursor] = time.monotonic()
                self.cursors.append(message.block.cursor)
                self.digest.add(message.block.cursor, message.block)

    def facts(self):
        self.stream.cancel()
        return {"start": self.start, "cursors": self.cursors, "gaps": len(self.gaps),
                "total": self.digest.points, "digest": self.digest.text()}


slow, fast = Reader(), Reader()
last = fast.start + batches
reading = threading.Thread(target=fast.read_to, args=(last,), daemon=True)
reading.start()
ingest = grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)])
stub = rpc.TelemetryServiceStub(ingest)
answered, durations = {}, []
for batch in range(batches):
    request = pb.IngestRequest()
    for n in range(points):
        one = request.readings.add(device_id=device, sensor_id=sensor, value=n % 100, unit=unit)
        one.timestamp.seconds = first + batch * points + n
    began = time.monotonic()
    reply = stub.Ingest(request, metadata=[("x-tenant", tenant), ("x-api-key", key)], timeout=120)
    answered[fast.start + batch + 1] = time.monotonic()
    durations.append(answered[fast.start + batch + 1] - began)
    assert reply.stored == points, reply
reading.join(300)
# Before the slow one has read anything.
finished = not reading.is_alive()
late = [fast.times[cursor] - answered[cursor] for cursor in answered if cursor in fast.times]
unread = len(slow.cursors)
slow.read_to(last)
print(json.dumps({
    "event": "read", "slowest_ingest": max(durations), "latest_delivery": max(late, default=-1),
    "unread": unread, "fast_finished": finished, "fast": fast.facts(), "slow": slow.facts()}), flush=True)
