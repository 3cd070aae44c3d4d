# SPDX-License-Identifier: Apache-2.0
"""Ingests a bad reading; prints what grpcio-status finds in the error's trailer.

Usage: details.py ADDRESS METADATA_JSON REQUEST_JSON
"""
import json
import sys

import grpc
from google.protobuf import json_format
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from traksense.v1 import telemetry_pb2 as pb
from traksense.v1 import telemetry_pb2_grpc

address, metadata, request = sys.argv[1:]
stub = telemetry_pb2_grpc.TelemetryServiceStub(grpc.insecure_channel(address))
try:
    stub.Ingest(
        json_format.Parse(request, pb.IngestRequest()), timeout=60,
        metadata=list(json.loads(metadata).items()))
    print(json.dumps({"code": "OK"}))
except grpc.RpcError as error:
    status = rpc_status.from_call(error)
    violations, types = [], []
    for detail in status.details if status else []:
        types.append(detail.type_url)
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(bad):
            violations += [[one.field, one.description] for one in bad.field_violations]
    print(json.dumps({
        "code": error.code().name, "number": status.code if status else -1,
        "same_message": bool(status) and status.message == error.details(), "types": types,
        "violations": violations,
    }))
