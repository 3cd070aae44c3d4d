# SPDX-License-Identifier: Apache-2.0
"""Calls the tests' echo service with grpcio, and prints what happened as lines of JSON."""
import argparse
import json
import os
import sys
import threading
import time

import grpc


def say(**what):
    print(json.dumps(what), flush=True)


def content(path):
    if path is None:
        return None
    with open(path, "rb") as file:
        return file.read()


def connect(arguments):
    options = []
    for option in arguments.option:
        name, value = option.split("=", 1)
        options.append((name, int(value) if value.lstrip("-").isdigit() else value))
    if arguments.ca is None:
        return grpc.insecure_channel(arguments.target, options)
    credentials = grpc.ssl_channel_credentials(
        content(arguments.ca), content(arguments.key), content(arguments.cert))
    return grpc.secure_channel(arguments.target, credentials, options)


def call(channel, arguments):
    """One unary call."""
    method = channel.unary_unary(f"/echo.Echo/{arguments.method}")
    try:
        say(answer=method(arguments.text.encode(), timeout=arguments.timeout).decode())
    except grpc.RpcError as error:
        say(code=error.code().name, details=error.details())


def chat(channel, arguments):
    """One stream, that sends and awaits messages until the file appears."""
    echoes = 0
    released = threading.Semaphore(1)

    def requests():
        while not os.path.exists(arguments.until):
            released.acquire()
            yield b"tick"
            time.sleep(0.02)

    try:
        for _ in channel.stream_stream("/echo.Echo/Chat")(requests()):
            echoes += 1
            say(echoes=echoes)
            released.release()
        say(done=echoes)
    except grpc.RpcError as error:
        say(code=error.code().name, details=error.details())


def idle(channel, arguments):
    """One stream on which nothing happens after the first message, until it ends."""
    try:
        for message in channel.unary_stream("/echo.Echo/Idle")(b"", timeout=arguments.timeout):
            say(message=message.decode())
    except grpc.RpcError as error:
        say(code=error.code().name, details=error.details())


def load(channel, arguments):
    """Calls from several threads until the file appears."""
    failures = []
    peers = set()
    calls = [0] * 4
    method = channel.unary_unary("/echo.Echo/Peer")

    def run(index):
        while not os.path.exists(arguments.until):
            try:
                peers.add(method(b"", timeout=60).decode())
                calls[index] += 1
            except grpc.RpcError as error:
                failures.append(f"{error.code().name}: {error.details()}")
            if calls[index] % 50 == 1:
                say(calls=sum(calls), connections=len(peers))

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(done=sum(calls), connections=len(peers), failures=failures[:5])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("action", choices=["call", "chat", "idle", "load"])
    parser.add_argument("--method", default="Say")
    parser.add_argument("--text", default="hello")
    parser.add_argument("--timeout", type=float, default=20)
    parser.add_argument("--until", help="file whose appearance ends the action")
    parser.add_argument("--ca")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--option", action="append", default=[])
    arguments = parser.parse_args()
    with connect(arguments) as channel:
        {"call": call, "chat": chat, "idle": idle, "load": load}[arguments.action](
            channel, arguments)


sys.exit(main())
