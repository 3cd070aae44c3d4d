# SPDX-License-Identifier: Apache-2.0
"""Makes the unary calls listed in a JSON file, in order; prints one JSON line per answer.

Usage: call.py ADDRESS FILE
A call: {"name", "method", "request" | "hex", "metadata": {}, "authority": "" | "host"}
"""
import json
import sys

import grpc
from google.protobuf import json_format
from traksense.v1 import telemetry_pb2 as pb

MESSAGES = {"Latest": (pb.LatestRequest, pb.LatestResponse), "Ingest": (pb.IngestRequest, pb.IngestResponse)}


def answer(channel, call):
    request, response = MESSAGES[call["method"]]
    if "hex" in call:
        payload = bytes.fromhex(call["hex"])
    else:
        payload = json_format.ParseDict(call["request"], request()).SerializeToString()
    method = channel.unary_unary(
        "/traksense.v1.TelemetryService/" + call["method"],
        request_serializer=lambda bytes: bytes, response_deserializer=response.FromString)
    try:
        reply = method(payload, timeout=60, metadata=list(call.get("metadata", {}).items()))
        body = json_format.MessageToDict(
            reply, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
        return {"name": call["name"], "code": "OK", "details": "", "response": body}
    except grpc.RpcError as error:
        return {"name": call["name"], "code": error.code().name, "details": error.details()}


address, path = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    calls = json.load(file)
channels = {}
for call in calls:
    authority = call.get("authority", "")
    if authority not in channels:
        options = [("grpc.max_send_message_length", -1)]
        if authority:
            options.append(("grpc.default_authority", authority))
        channels[authority] = grpc.insecure_channel(address, options)
    print(json.dumps(answer(channels[authority], call)), flush=True)
