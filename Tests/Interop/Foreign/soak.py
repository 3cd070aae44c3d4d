# SPDX-License-Identifier: Apache-2.0
"""Random and mutated frames at a live server, which must neither end nor grow.

Usage: soak.py SECONDS COMMAND...: starts the command, which prints its port and serves until its standard input
ends; prints its resident memory all along and a verdict. SEED=n replays the choice of frames.
"""
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time

import raw

WORKERS = 4
# Memory may move by this much, in MB, between the first and the last third of the time after the first tenth.
ALLOWANCE = 8
PAGE = os.sysconf("SC_PAGESIZE")
METHODS = ["EmptyCall", "UnaryCall", "StreamingOutputCall", "StreamingInputCall", "FullDuplexCall", "Nothing"]
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def headers(stream, method, end, extra=()):
    fields = [
        (":method", "POST"), (":scheme", "http"), (":path", f"/grpc.testing.TestService/{method}"),
        (":authority", "soak"), ("content-type", "application/grpc"), ("te", "trailers"), *extra]
    return raw._frame(raw.HEADERS, raw.END_HEADERS | end, stream, raw._block(fields))


def message(choice, text):
    length = choice.choice([len(text)] * 4 + [choice.getrandbits(32)])
    return struct.pack(">BI", choice.choice([0, 0, 0, 1, 255]), length) + text


def frames(choice):
    """Right frames mostly, half of them with bytes changed, cut off or added."""
    stream = choice.randrange(16) * 2 + 1
    noise = choice.randbytes(choice.randrange(200))
    kind = choice.randrange(14)
    if kind < 4:
        extra = choice.choice([
            (), (("grpc-timeout", choice.choice(["1n", "1m", "9S", "x"])),), (("grpc-encoding", "gzip"),),
            (("x-bin", "AAEC"),), (("grpc-encoding", "snappy"),)])
        # Sizes of responses among them: fields 2 of SimpleRequest and of StreamingOutputCallRequest.
        body = choice.choice([b"", b"\x10\x90\x4e", b"\x12\x03\x08\x90\x4e" * choice.randrange(1, 5), noise])
        data = raw._frame(raw.DATA, choice.randrange(2), stream, message(choice, body))
        frame = headers(stream, choice.choice(METHODS), 0, extra) + data
    elif kind == 4:
        frame = raw._frame(raw.DATA, choice.randrange(16), stream, noise)
    elif kind == 5:
        frame = raw._frame(raw.RST_STREAM, 0, stream, struct.pack(">I", choice.randrange(16)))
    elif kind == 6:
        frame = raw._frame(raw.WINDOW_UPDATE, 0, choice.choice([0, stream]), struct.pack(">I", choice.getrandbits(32)))
    elif kind == 7:
        frame = raw._frame(raw.SETTINGS, 0, 0, struct.pack(">HI", choice.randrange(9), choice.getrandbits(32)))
    elif kind == 8:
        frame = raw._frame(6, choice.randrange(2), 0, bytes(8))
    elif kind == 9:
        frame = raw._frame(2, 0, stream, struct.pack(">IB", choice.getrandbits(32), 15))
    elif kind == 10:
        frame = raw._frame(raw.HEADERS, 0, stream, noise) + raw._frame(9, choice.choice([0, 4]), stream, noise)
    elif kind == 11:
        frame = raw._frame(choice.randrange(16), choice.getrandbits(8), stream, noise)
    elif kind == 12:
        frame = raw._frame(raw.GOAWAY, 0, 0, bytes(8))
    else:
        frame = noise
    frame = bytearray(frame)
    mutation = choice.randrange(8)
    if mutation == 0 and frame:
        frame[choice.randrange(len(frame))] ^= choice.randrange(1, 256)
    elif mutation == 1:
        del frame[choice.randrange(len(frame) + 1):]
    elif mutation == 2:
        frame += noise
    return bytes(frame)


class Attack(threading.Thread):
    def __init__(self, port, seed, until):
        super().__init__(daemon=True)
        self.port, self.choice, self.until = port, random.Random(seed), until
        self.sent = 0

    def run(self):
        while time.monotonic() < self.until:
            try:
                self.connection()
            except OSError:
                pass  # the server has closed the connection, as it may

    def connection(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.setblocking(True)
            if self.choice.randrange(20):
                connection.sendall(PREFACE + raw._frame(raw.SETTINGS, 0, 0))
            for _ in range(self.choice.randrange(1, 80)):
                connection.settimeout(0.5)
                connection.sendall(frames(self.choice))
                self.sent += 1
                if self.choice.randrange(3) == 0:
                    connection.settimeout(0.002)
                    try:
                        if not connection.recv(65536):
                            return
                    except TimeoutError:
                        pass


def resident(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * PAGE / 1e6


def main():
    seconds = float(sys.argv[1])
    seed = int(os.environ.get("SEED") or random.SystemRandom().getrandbits(32))
    server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port = int(server.stdout.readline())
    start = time.monotonic()
    attacks = [Attack(port, seed + index, start + seconds) for index in range(WORKERS)]
    print(f"SEED={seed}, {seconds:.0f} s, {WORKERS} attackers, {resident(server.pid):.1f} MB before", flush=True)
    for attack in attacks:
        attack.start()
    curve, calls = [], 0
    while (elapsed := time.monotonic() - start) < seconds:
        time.sleep(min(1, seconds / 100))
        if server.poll() is not None:
            sys.exit(f"FAILED: the server ended with {server.returncode} after {elapsed:.0f} s")
        raw.call(port, "EmptyCall", [(0, b"")])
        calls += 1
        curve.append((elapsed, resident(server.pid)))
        if len(curve) % max(1, round(len(curve) * seconds / max(elapsed, 1e-9) / 20)) == 0:
            sent = sum(attack.sent for attack in attacks)
            print(f"{elapsed:6.0f} s {curve[-1][1]:7.1f} MB {sent:9d} frames", flush=True)
    for attack in attacks:
        attack.join()
    settled = [size for elapsed, size in curve if elapsed > seconds / 10]
    third = max(1, len(settled) // 3)
    first, last = sum(settled[:third]) / third, sum(settled[-third:]) / third
    server.stdin.close()
    code = server.wait(60)
    sent = sum(attack.sent for attack in attacks)
    print(
        f"{sent} frames, {calls} calls beside them; resident memory {first:.1f} MB in the first third, "
        f"{last:.1f} MB in the last, at most {max(size for _, size in curve):.1f} MB")
    if code != 0 or last > first + ALLOWANCE:
        sys.exit("FAILED: " + (f"the server ended with {code}" if code else "memory grew"))
    print("passed: no crash, memory flat")


main()
