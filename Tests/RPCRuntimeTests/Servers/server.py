# SPDX-License-Identifier: Apache-2.0
"""A grpcio server on bytes that behaves as the caller's metadata says; prints its port as JSON."""
import argparse
import asyncio
import collections
import json
import signal

import grpc

attempts = collections.Counter()
name = ""


def content(path):
    with open(path, "rb") as file:
        return file.read()


async def flake(context):
    """Fails as often as `x-fails` says, for each `x-key`; returns what it knows of the attempts."""
    asked = dict(context.invocation_metadata())
    key = asked.get("x-key", "")
    attempts[key] += 1
    if attempts[key] <= int(asked.get("x-fails", "0")):
        trailers = [("x-attempt", str(attempts[key]))]
        if "x-pushback" in asked:
            trailers.append(("grpc-retry-pushback-ms", asked["x-pushback"]))
        context.set_trailing_metadata(trailers)
        if "x-headers" in asked:
            await context.send_initial_metadata([("x-early", "1")])
        code = next(c for c in grpc.StatusCode if c.value[0] == int(asked.get("x-code", "14")))
        await context.abort(code, "as asked")
    return f"{attempts[key]} {asked.get('grpc-previous-rpc-attempts', '-')}"


async def echo(request, context):
    await context.send_initial_metadata([("x-initial", "i")])
    echoed = [pair for pair in context.invocation_metadata() if pair[0] == "x-echo-bin"]
    context.set_trailing_metadata([("x-trailing", "t")] + echoed)
    return request


async def flaky(request, context):
    return (await flake(context)).encode()


async def flaky_join(requests, context):
    parts = [part async for part in requests]
    return (await flake(context)).encode() + b" " + b"".join(parts)


async def flaky_count(request, context):
    await flake(context)
    for index in range(int(request)):
        yield str(index).encode()


async def flaky_chat(requests, context):
    await flake(context)
    async for part in requests:
        yield part


async def broken(request, context):
    """Fails after its first message."""
    await flake(context)
    yield b"first"
    await context.abort(grpc.StatusCode.UNAVAILABLE, "after the first message")


async def who(request, context):
    peer = context.auth_context().get("x509_common_name", [b""])[0].decode()
    return f"{name}|{peer}|{context.peer()}".encode()


async def attempted(request, context):
    return str(attempts[request.decode()]).encode()


async def hang(request, context):
    await asyncio.sleep(3600)
    return b""


async def wait(request, context):
    await asyncio.sleep(float(request))
    return b"waited"


async def main():
    global name
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--name", default="")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--ca")
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--option", action="append", default=[])
    arguments = parser.parse_args()
    name = arguments.name
    options = [("grpc.so_reuseport", 0)]
    for option in arguments.option:
        key, value = option.split("=", 1)
        options.append((key, int(value)))
    server = grpc.aio.server(
        options=options,
        compression=grpc.Compression.Gzip if arguments.gzip else grpc.Compression.NoCompression)
    unary = {
        "Echo": echo, "Flaky": flaky, "Who": who, "Hang": hang, "Wait": wait,
        "Attempted": attempted}
    handlers = {key: grpc.unary_unary_rpc_method_handler(value) for key, value in unary.items()}
    handlers["FlakyJoin"] = grpc.stream_unary_rpc_method_handler(flaky_join)
    handlers["FlakyCount"] = grpc.unary_stream_rpc_method_handler(flaky_count)
    handlers["Broken"] = grpc.unary_stream_rpc_method_handler(broken)
    handlers["FlakyChat"] = grpc.stream_stream_rpc_method_handler(flaky_chat)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("foreign.Foreign", handlers),))
    if arguments.cert:
        ca = content(arguments.ca) if arguments.ca else None
        credentials = grpc.ssl_server_credentials(
            [(content(arguments.key), content(arguments.cert))], ca, ca is not None)
        port = server.add_secure_port(arguments.address, credentials)
    else:
        port = server.add_insecure_port(arguments.address)
    await server.start()
    print(json.dumps({"port": port}), flush=True)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    # Sends GOAWAY; running calls may finish.
    await server.stop(20)


asyncio.run(main())
