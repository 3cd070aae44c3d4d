# SPDX-License-Identifier: Apache-2.0
"""One gRPC call in frames made by hand, to choose and to see the compressed flag of each message."""
import gzip
import socket
import struct
from dataclasses import dataclass, field

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4


@dataclass
class Answer:
    flags: list = field(default_factory=list)
    messages: list = field(default_factory=list)


def _frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _block(fields):
    """Literals without indexing (RFC 7541, 6.2.2), each shorter than 127 bytes."""
    return b"".join(
        b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
        for name, value in fields)


def _read(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError("the server closed the connection")
        data += more
    return data


def call(port, method, requests):
    """Calls a method of TestService with (flag, message) pairs; messages with flag 1 go compressed."""
    body = b""
    for flag, message in requests:
        message = gzip.compress(message) if flag else message
        body += struct.pack(">BI", flag, len(message)) + message
    head = _block([
        (":method", "POST"), (":scheme", "http"), (":path", f"/grpc.testing.TestService/{method}"),
        (":authority", "interop"), ("content-type", "application/grpc"), ("te", "trailers"),
        ("grpc-encoding", "gzip"), ("grpc-accept-encoding", "identity,gzip"),
    ])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            + _frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 1 << 24))
            + _frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 24))
            + _frame(HEADERS, END_HEADERS, 1, head))
        return _exchange(connection, body)


def _exchange(connection, body):
    """Sends the body as the server's windows allow, and reads to the end of the stream."""
    stream_window = connection_window = 65535
    received = b""
    while True:
        while stream_window > 0 and connection_window > 0 and body:
            piece = body[:min(16384, stream_window, connection_window)]
            body = body[len(piece):]
            stream_window -= len(piece)
            connection_window -= len(piece)
            connection.sendall(_frame(DATA, 0 if body else END_STREAM, 1, piece))
        length, kind, flags, stream = struct.unpack(">IBBI", b"\0" + _read(connection, 9))
        payload = _read(connection, length)
        if kind == DATA:
            received += payload
        elif kind == SETTINGS and not flags & ACK:
            for number, value in struct.iter_unpack(">HI", payload):
                if number == 4:
                    stream_window += value - 65535
            connection.sendall(_frame(SETTINGS, ACK, 0))
        elif kind == WINDOW_UPDATE:
            increment, = struct.unpack(">I", payload)
            if stream:
                stream_window += increment
            else:
                connection_window += increment
        elif kind in (RST_STREAM, GOAWAY):
            raise AssertionError(f"the server ended the call with frame type {kind}")
        if stream == 1 and kind in (DATA, HEADERS) and flags & END_STREAM:
            return _messages(received)


def _messages(received):
    answer = Answer()
    while received:
        flag, length = struct.unpack(">BI", received[:5])
        message = received[5:5 + length]
        received = received[5 + length:]
        answer.flags.append(flag)
        answer.messages.append(gzip.decompress(message) if flag else message)
    return answer
