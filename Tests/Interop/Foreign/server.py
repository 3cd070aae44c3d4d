# SPDX-License-Identifier: Apache-2.0
"""The server's side of gRPC's interoperability tests with grpcio, the official Python implementation.

Usage: server.py STUBS; prints its port, and serves until its standard input ends.
"""
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import grpc

sys.path.insert(0, sys.argv[1])
from grpc_testing import add_servicer, messages, servicer  # noqa: E402

CODES = {code.value[0]: code for code in grpc.StatusCode}


def echo_metadata(context):
    for key, value in context.invocation_metadata():
        if key == "x-grpc-test-echo-initial":
            context.send_initial_metadata(((key, value),))
        if key == "x-grpc-test-echo-trailing-bin":
            context.set_trailing_metadata(((key, value),))


def echo_status(request, context):
    if request.HasField("response_status") and request.response_status.code:
        context.abort(CODES[request.response_status.code], request.response_status.message)


def payload(size):
    return messages.Payload(body=bytes(size))


class TestService(servicer):
    def EmptyCall(self, request, context):
        return messages.Empty()

    def UnaryCall(self, request, context):
        if request.response_compressed.value:
            context.set_compression(grpc.Compression.Gzip)
        echo_metadata(context)
        echo_status(request, context)
        return messages.SimpleResponse(payload=payload(request.response_size))

    def StreamingOutputCall(self, request, context):
        if any(parameters.compressed.value for parameters in request.response_parameters):
            context.set_compression(grpc.Compression.Gzip)
        yield from self._answer(request, context)

    def StreamingInputCall(self, requests, context):
        total = sum(len(request.payload.body) for request in requests)
        return messages.StreamingInputCallResponse(aggregated_payload_size=total)

    def FullDuplexCall(self, requests, context):
        echo_metadata(context)
        for request in requests:
            echo_status(request, context)
            yield from self._answer(request, context)

    def _answer(self, request, context):
        for parameters in request.response_parameters:
            if parameters.HasField("compressed") and not parameters.compressed.value:
                context.disable_next_message_compression()
            time.sleep(parameters.interval_us / 1e6)
            yield messages.StreamingOutputCallResponse(payload=payload(parameters.size))


def main():
    server = grpc.server(ThreadPoolExecutor(16))
    add_servicer(TestService(), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    sys.stdin.read()
    server.stop(None).wait()


main()
