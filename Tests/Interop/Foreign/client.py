# SPDX-License-Identifier: Apache-2.0
"""The client's side of gRPC's interoperability tests with grpcio, the official Python implementation.

What each case does and asserts is what gRPC's "Interoperability Test Case Descriptions" says. grpcio does not
show the compressed flag of a message and compresses all of a stream or nothing, so that those parts are done with
frames made by hand (raw.py).
Usage: client.py STUBS PORT [CASE...]; prints a line a case: name, tab, "passed" or what was wrong.
"""
import itertools
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc

import raw

sys.path.insert(0, sys.argv[1])
from grpc_testing import messages, stub  # noqa: E402  (written by interop.sh's prepare step)

GZIP = grpc.Compression.Gzip
REQUEST_SIZES = [27182, 8, 1828, 45904]
RESPONSE_SIZES = [31415, 9, 2653, 58979]
METADATA = (
    ("x-grpc-test-echo-initial", "test_initial_metadata_value"),
    ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab"),
)
SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def zeros(size):
    return messages.Payload(body=bytes(size))


def large(**more):
    return messages.SimpleRequest(response_size=314159, payload=zeros(271828), **more)


def expect_payload(payload, size):
    expect(payload.body == bytes(size), f"a payload of {len(payload.body)} bytes, not {size} zeros")


def failure(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError("the call succeeded")


def yes(value=True):
    return messages.BoolValue(value=value)


def empty_unary(service, _):
    expect(service.EmptyCall(messages.Empty()) == messages.Empty(), "the response is not empty")


def large_unary(service, _):
    expect_payload(service.UnaryCall(large()).payload, 314159)


def client_compressed_unary(service, _):
    code, _ = failure(lambda: service.UnaryCall(large(expect_compressed=yes())))
    expect(code == grpc.StatusCode.INVALID_ARGUMENT, f"the probe ended with {code}")
    response = service.UnaryCall(large(expect_compressed=yes()), compression=GZIP)
    expect_payload(response.payload, 314159)
    expect_payload(service.UnaryCall(large(expect_compressed=yes(False))).payload, 314159)


def server_compressed_unary(service, port):
    for compressed in (True, False):
        request = large(response_compressed=yes(compressed))
        expect_payload(service.UnaryCall(request).payload, 314159)
        answer = raw.call(port, "UnaryCall", [(0, request.SerializeToString())])
        expect(answer.flags == [int(compressed)], f"flags are {answer.flags}")
        response = messages.SimpleResponse.FromString(answer.messages[0])
        expect_payload(response.payload, 314159)


def client_streaming(service, _):
    requests = [messages.StreamingInputCallRequest(payload=zeros(size)) for size in REQUEST_SIZES]
    size = service.StreamingInputCall(iter(requests)).aggregated_payload_size
    expect(size == 74922, f"{size} bytes arrived")


def client_compressed_streaming(service, port):
    first = messages.StreamingInputCallRequest(expect_compressed=yes(), payload=zeros(27182))
    second = messages.StreamingInputCallRequest(expect_compressed=yes(False), payload=zeros(45904))
    code, _ = failure(lambda: service.StreamingInputCall(iter([first])))
    expect(code == grpc.StatusCode.INVALID_ARGUMENT, f"the probe ended with {code}")
    size = service.StreamingInputCall(iter([first, second]), compression=GZIP)
    expect(size.aggregated_payload_size == 73086, f"{size} bytes arrived")
    answer = raw.call(
        port, "StreamingInputCall",
        [(1, first.SerializeToString()), (0, second.SerializeToString())])
    expect(len(answer.messages) == 1, "there is no response")
    size = messages.StreamingInputCallResponse.FromString(answer.messages[0])
    expect(size.aggregated_payload_size == 73086, f"{size} bytes arrived")


def server_streaming(service, _):
    request = messages.StreamingOutputCallRequest(
        response_parameters=[messages.ResponseParameters(size=size) for size in RESPONSE_SIZES])
    for response, size in itertools.zip_longest(service.StreamingOutputCall(request), RESPONSE_SIZES):
        expect(response is not None and size is not None, "the number of responses is wrong")
        expect_payload(response.payload, size)


def server_compressed_streaming(service, port):
    request = messages.StreamingOutputCallRequest(
        response_parameters=[
            messages.ResponseParameters(size=31415, compressed=yes()),
            messages.ResponseParameters(size=92653, compressed=yes(False)),
        ])
    sizes = [len(response.payload.body) for response in service.StreamingOutputCall(request)]
    expect(sizes == [31415, 92653], f"sizes are {sizes}")
    answer = raw.call(port, "StreamingOutputCall", [(0, request.SerializeToString())])
    expect(answer.flags == [1, 0], f"flags are {answer.flags}")
    responses = map(messages.StreamingOutputCallResponse.FromString, answer.messages)
    expect([len(response.payload.body) for response in responses] == [31415, 92653], "raw sizes")


class Talk:
    """A bidirectional call whose requests are sent one by one."""

    def __init__(self, service, **options):
        self.next_request = threading.Semaphore(0)
        self.pending = []
        self.responses = service.FullDuplexCall(self._requests(), **options)

    def _requests(self):
        while True:
            self.next_request.acquire()
            request = self.pending.pop(0)
            if request is None:
                return
            yield request

    def send(self, request):
        self.pending.append(request)
        self.next_request.release()

    def finish(self):
        self.send(None)


def ping_pong(service, _):
    talk = Talk(service)
    for request_size, response_size in zip(REQUEST_SIZES, RESPONSE_SIZES):
        talk.send(
            messages.StreamingOutputCallRequest(
                response_parameters=[messages.ResponseParameters(size=response_size)],
                payload=zeros(request_size)))
        expect_payload(next(talk.responses).payload, response_size)
    talk.finish()
    expect(list(talk.responses) == [], "there are too many responses")


def empty_stream(service, _):
    expect(list(service.FullDuplexCall(iter([]))) == [], "there is a response")


def custom_metadata(service, _):
    def check(call):
        expect(METADATA[0] in call.initial_metadata(), f"initial: {call.initial_metadata()}")
        expect(METADATA[1] in call.trailing_metadata(), f"trailing: {call.trailing_metadata()}")

    _, call = service.UnaryCall.with_call(large(), metadata=METADATA)
    check(call)
    request = messages.StreamingOutputCallRequest(
        response_parameters=[messages.ResponseParameters(size=314159)], payload=zeros(271828))
    call = service.FullDuplexCall(iter([request]), metadata=METADATA)
    expect(len(list(call)) == 1, "the number of responses is wrong")
    check(call)


def expect_status(service, message, streams):
    status = messages.EchoStatus(code=2, message=message)
    found = failure(lambda: service.UnaryCall(messages.SimpleRequest(response_status=status)))
    expect(found == (grpc.StatusCode.UNKNOWN, message), f"unary: {found}")
    if streams:
        request = messages.StreamingOutputCallRequest(response_status=status)
        found = failure(lambda: list(service.FullDuplexCall(iter([request]))))
        expect(found == (grpc.StatusCode.UNKNOWN, message), f"stream: {found}")


def status_code_and_message(service, _):
    expect_status(service, "test status message", True)


def special_status_message(service, _):
    expect_status(service, SPECIAL, False)


def expect_unimplemented(service, name):
    method = service.channel.unary_unary(
        f"/grpc.testing.{name}/UnimplementedCall",
        request_serializer=messages.Empty.SerializeToString,
        response_deserializer=messages.Empty.FromString)
    code, _ = failure(lambda: method(messages.Empty()))
    expect(code == grpc.StatusCode.UNIMPLEMENTED, f"{code}")


def unimplemented_method(service, _):
    expect_unimplemented(service, "TestService")


def unimplemented_service(service, _):
    expect_unimplemented(service, "UnimplementedService")


def cancel_after_begin(service, _):
    block = threading.Event()

    def requests():
        block.wait(30)
        yield from ()

    call = service.StreamingInputCall.future(requests())
    call.cancel()
    block.set()
    expect(call.cancelled() and call.code() == grpc.StatusCode.CANCELLED, f"{call.code()}")


def cancel_after_first_response(service, _):
    talk = Talk(service)
    talk.send(
        messages.StreamingOutputCallRequest(
            response_parameters=[messages.ResponseParameters(size=31415)], payload=zeros(27182)))
    expect_payload(next(talk.responses).payload, 31415)
    talk.responses.cancel()
    code, _ = failure(lambda: list(talk.responses))
    talk.finish()
    expect(code == grpc.StatusCode.CANCELLED, f"{code}")


def timeout_on_sleeping_server(service, _):
    talk = Talk(service, timeout=0.001)
    talk.send(messages.StreamingOutputCallRequest(payload=zeros(27182)))
    code, _ = failure(lambda: list(talk.responses))
    talk.finish()
    expect(code == grpc.StatusCode.DEADLINE_EXCEEDED, f"{code}")


def concurrent_large_unary(service, _):
    calls = [service.UnaryCall.future(large()) for _ in range(1000)]
    for call in calls:
        expect_payload(call.result().payload, 314159)


def rpc_soak(service, _):
    for _ in range(200):
        large_unary(service, None)


CASES = [
    empty_unary, large_unary, client_compressed_unary, server_compressed_unary, client_streaming,
    client_compressed_streaming, server_streaming, server_compressed_streaming, ping_pong,
    empty_stream, custom_metadata, status_code_and_message, special_status_message,
    unimplemented_method, unimplemented_service, cancel_after_begin, cancel_after_first_response,
    timeout_on_sleeping_server, concurrent_large_unary, rpc_soak,
]


def run(case, port):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        service = stub(channel)
        service.channel = channel
        case(service, port)


def main():
    port = int(sys.argv[2])
    wanted = sys.argv[3:]
    failed = False
    for case in CASES:
        if wanted and case.__name__ not in wanted:
            continue
        with ThreadPoolExecutor(1) as pool:
            try:
                pool.submit(run, case, port).result(120)
                result = "passed"
            except Exception as error:  # whatever went wrong is the case's result
                failed = True
                result = f"{type(error).__name__}: {error}".replace("\n", " ")
        print(f"{case.__name__}\t{result}", flush=True)
    sys.exit(failed)


main()
