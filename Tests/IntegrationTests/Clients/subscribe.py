# SPDX-License-Identifier: Apache-2.0
"""Subscribes, and prints what arrives as JSON lines.

Usage: subscribe.py ADDRESS [--tenant T] [--authority H] [--device D] [--subscribers N] [--points N] [--quiet]
Each subscriber prints {"event": "start", …}, then {"event": "block", …} unless quiet, and at the end
{"event": "end", "code", "start", "cursors", "points", "digest"}: after N points, or when the server ends the stream.
"""
import argparse
import json
import threading

import grpc
from blocks import Digest
from keys import signed_in
from traksense.v1 import telemetry_pb2 as pb
from traksense.v1 import telemetry_pb2_grpc as rpc

parser = argparse.ArgumentParser()
parser.add_argument("address")
parser.add_argument("--tenant")
parser.add_argument("--authority")
parser.add_argument("--device", action="append", default=[])
parser.add_argument("--subscribers", type=int, default=1)
parser.add_argument("--points", type=int)
parser.add_argument("--quiet", action="store_true")
arguments = parser.parse_args()

printing = threading.Lock()


def say(**fields):
    with printing:
        print(json.dumps(fields), flush=True)


def subscribe(number):
    options = [("grpc.use_local_subchannel_pool", 1)]
    if arguments.authority:
        options.append(("grpc.default_authority", arguments.authority))
    metadata = signed_in(arguments.tenant, arguments.authority)
    cursors, digest, series, start, code, gaps = [], Digest(), {}, None, "OK", 0
    with grpc.insecure_channel(arguments.address, options) as channel:
        request = pb.SubscribeRequest(device_id=arguments.device)
        stream = rpc.TelemetryServiceStub(channel).Subscribe(request, metadata=metadata)
        try:
            for message in stream:
                event = message.WhichOneof("event")
                if event in ("start", "series"):
                    for one in getattr(message, event).series:
                        series[one.series_key] = one
                if event == "start":
                    assert start is None and not cursors, "start is not the first message"
                    start = message.start.cursor
                    say(subscriber=number, event="start", cursor=start, series=len(series))
                elif event == "gap":
                    gaps += 1
                elif event == "block":
                    block = message.block
                    cursors.append(block.cursor)
                    digest.add(block.cursor, block)
                    if not arguments.quiet:
                        rows = zip(block.series_key, block.timestamp_us, block.value)
                        say(subscriber=number, event="block", cursor=block.cursor, points=[
                            {"device": series[key].device_id, "sensor": series[key].sensor_id,
                             "unit": series[key].unit, "microseconds": time, "value": value}
                            for key, time, value in rows])
                    if arguments.points and digest.points >= arguments.points:
                        break
        except grpc.RpcError as error:
            code = error.code().name
        stream.cancel()
    say(subscriber=number, event="end", code=code, start=start, cursors=cursors, gaps=gaps,
        total=digest.points, digest=digest.text())


threads = [threading.Thread(target=subscribe, args=(n,)) for n in range(arguments.subscribers)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
