# SPDX-License-Identifier: Apache-2.0
"""Learns everything about a server from its reflection alone, then calls it.

Fetches every service, every message that it names and every file behind them with grpcio-reflection, builds
message classes from those descriptors, and asks for the latest readings of a device. Does the same over
grpc.reflection.v1 and v1alpha, whose messages are equal on the wire. Prints one JSON line per version.

Usage: reflect.py ADDRESS TENANT DEVICE
"""
import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from keys import signed_in
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

address, tenant, device = sys.argv[1:]


class Versioned(grpc.StreamStreamClientInterceptor):
    """Sends the library's v1alpha calls to the version wanted."""

    def __init__(self, version):
        self.version = version

    def intercept_stream_stream(self, continuation, details, requests):
        path = details.method.replace("v1alpha", self.version)
        return continuation(details._replace(method=path), requests)


def everything(version):
    channel = grpc.insecure_channel(address)
    database = ProtoReflectionDescriptorDatabase(
        grpc.intercept_channel(channel, Versioned(version)))
    pool = descriptor_pool.DescriptorPool(database)
    services = sorted(database.get_services())
    methods, files = [], set()

    def visit(file):
        if file.name not in files:
            files.add(file.name)
            # What was fetched is what the file is: it can be written and read again.
            copy = descriptor_pb2.FileDescriptorProto()
            file.CopyToProto(copy)
            assert copy.name == file.name
            for imported in file.dependencies:
                visit(imported)

    for service in services:
        described = pool.FindServiceByName(service)
        visit(described.file)
        for method in described.methods:
            # Asked of the server: the pool itself does not look for methods.
            declared = database.FindFileContainingSymbol(method.full_name)
            assert declared.name == described.file.name
            visit(method.input_type.file)
            visit(method.output_type.file)
            methods.append(method.full_name)
    extensions = list(database.FindAllExtensionNumbers("google.rpc.Status"))

    try:
        pool.FindServiceByName("no.such.Service")
        missing = "found"
    except KeyError:
        missing = "KeyError"

    telemetry = pool.FindServiceByName("traksense.v1.TelemetryService")
    method = telemetry.methods_by_name["Latest"]
    request = message_factory.GetMessageClass(method.input_type)(device_id=device)
    answer = channel.unary_unary(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
    )(request, timeout=60, metadata=signed_in(tenant))
    return {
        "version": version, "services": services, "methods": methods, "files": sorted(files),
        "extensions": extensions, "missing": missing, "count": answer.count,
        "device": json_format.MessageToDict(answer)["deviceId"],
    }


for version in ["v1", "v1alpha"]:
    print(json.dumps(everything(version)), flush=True)
