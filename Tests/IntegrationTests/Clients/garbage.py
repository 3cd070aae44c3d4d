# SPDX-License-Identifier: Apache-2.0
"""Sends bytes that mean nothing, or begin to mean something, and hangs up.

Usage: garbage.py PORT SEED
Prints {"event": "sent", "connections"}.
"""
import json
import random
import socket
import sys

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\0\0\0\x04\0\0\0\0\0"
seeded = random.Random(int(sys.argv[2]))
noise = seeded.randbytes
payloads = [
    noise(1), noise(10_000), b"\0" * 5_000, b"GET / HTTP/9.9\r\n\r\n", b"GET /\r\n" * 500,
    b"POST /ingest/ HTTP/1.1\r\nHost: umc.localhost\r\nContent-Length: -5\r\n\r\n",
    b"POST /ingest/ HTTP/1.1\r\nHost: umc.localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000, PREFACE[:10], PREFACE + noise(2_000),
    PREFACE + SETTINGS + b"\xff\xff\xff\x00\0\0\0\0\x01",
    # A DATA frame on a stream that was never opened.
    PREFACE + SETTINGS + b"\0\0\x05\0\0\0\0\0\x01hello",
    # HEADERS whose block is no HPACK.
    PREFACE + SETTINGS + b"\0\0\x20\x01\x05\0\0\0\x01" + b"\xff" * 32,
] + [PREFACE + SETTINGS + noise(seeded.randrange(9, 400)) for _ in range(10)]
for payload in payloads:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=60) as peer:
        # Whatever comes within this time is read; most of it is answered by hanging up.
        peer.settimeout(0.2)
        try:
            peer.sendall(payload)
            peer.shutdown(socket.SHUT_WR)
            while peer.recv(4096):
                pass
        except OSError:
            pass
print(json.dumps({"event": "sent", "connections": len(payloads)}))
