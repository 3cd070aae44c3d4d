# SPDX-License-Identifier: Apache-2.0
"""Asks a server for its health with grpcio-health-checking; prints one JSON line per answer.

Usage: health.py ADDRESS check SERVICE... | list | watch SERVICE
"""
import json
import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

address, command, *services = sys.argv[1:]
health = health_pb2_grpc.HealthStub(grpc.insecure_channel(address))
name = health_pb2.HealthCheckResponse.ServingStatus.Name


def show(service, status):
    print(json.dumps({"service": service, "status": status}), flush=True)


if command == "check":
    for service in services:
        try:
            request = health_pb2.HealthCheckRequest(service=service)
            show(service, name(health.Check(request, timeout=60).status))
        except grpc.RpcError as error:
            show(service, error.code().name)
elif command == "list":
    statuses = health.List(health_pb2.HealthListRequest(), timeout=60).statuses
    for service in sorted(statuses):
        show(service, name(statuses[service].status))
else:
    try:
        for response in health.Watch(health_pb2.HealthCheckRequest(service=services[0])):
            show(services[0], name(response.status))
    except grpc.RpcError as error:
        show(services[0], error.code().name)
