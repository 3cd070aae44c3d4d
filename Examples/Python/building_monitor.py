#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows what a building's devices measure: an example of a client of TrakSense over gRPC.

    pip install -r requirements.txt
    export TRAKSENSE_API_KEY=tsk_…     # also TRAKSENSE_URL, TRAKSENSE_TENANT
    ./building_monitor.py --help
"""
import argparse
import datetime
import json
import os
import pathlib
import sys
import time
import urllib.parse

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

# The .proto files of the repository, or of the folder that TRAKSENSE_PROTO names, are compiled here and now;
# `python3 -m grpc_tools.protoc` would do it beforehand.
sys.path.append(os.environ.get("TRAKSENSE_PROTO", str(pathlib.Path(__file__).parents[2] / "proto")))
telemetry_pb2, telemetry_rpc = grpc.protos_and_services("traksense/v1/telemetry.proto")
device_pb2, device_rpc = grpc.protos_and_services("traksense/v1/device.proto")
site_pb2, site_rpc = grpc.protos_and_services("traksense/v1/site.proto")

# All that this program calls may be sent twice: it reads, and a reading stored twice is stored once.
SERVICE_CONFIG = {"methodConfig": [
    {"name": [{"service": "traksense.v1.TelemetryService", "method": "Subscribe"}]},
    {"name": [{}], "timeout": "20s", "retryPolicy": {
        "maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "5s", "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"]}},
]}

# What a stream ends with that may go on: the server restarts, is busy, or has forgotten what it did not send yet.
PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DATA_LOSS)


class Problem(Exception):
    """What is wrong, for people."""


class Connection:
    """A channel to the server, and who calls."""

    def __init__(self, arguments):
        url = urllib.parse.urlsplit(arguments.url)
        if url.scheme not in ("http", "https") or not url.hostname or not url.port:
            raise Problem(f"'{arguments.url}' is not http://host:port or https://host:port")
        # A key on the command line could be read by everybody on this machine.
        key = os.environ.get("TRAKSENSE_API_KEY")
        if not key:
            raise Problem("TRAKSENSE_API_KEY is not set")
        options = [
            ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
            # Somebody is waiting: look for the server every few seconds, and notice within minutes that it is gone.
            ("grpc.max_reconnect_backoff_ms", 5_000),
            ("grpc.keepalive_time_ms", 300_000),
        ]
        if url.scheme == "https":
            roots = pathlib.Path(arguments.ca).read_bytes() if arguments.ca else None
            channel = grpc.secure_channel(url.netloc, grpc.ssl_channel_credentials(roots), options)
        else:
            channel = grpc.insecure_channel(url.netloc, options)
        self.metadata = [("x-tenant", arguments.tenant), ("x-api-key", key)]
        self.telemetry = telemetry_rpc.TelemetryServiceStub(channel)
        self.devices = device_rpc.DeviceServiceStub(channel)
        self.sites = site_rpc.SiteServiceStub(channel)

    def call(self, method, request):
        """Calls an RPC for the tenant."""
        return method(request, metadata=self.metadata)


def devices(connection, arguments):
    """List the devices of a site, or of all sites."""
    request = device_pb2.ListDevicesRequest(page_size=100)
    if arguments.site:
        # `search` finds words anywhere; the name must be the whole one.
        found = connection.call(
            connection.sites.ListSites, site_pb2.ListSitesRequest(search=arguments.site)).results
        ids = [site.id for site in found if site.name == arguments.site]
        if not ids:
            raise Problem(f"no site is called '{arguments.site}'")
        request.site.value = ids[0]
    # Page by page; `count` is that of the whole list.
    seen = 0
    while True:
        request.page += 1
        page = connection.call(connection.devices.ListDevices, request)
        for device in page.results:
            last = f"last seen {clock(device.last_seen)}" if device.HasField("last_seen") else "never seen"
            print(f"{device.mqtt_client_id:12}{device.site_name:28}{device.status:12}"
                  f"{device.online_sensor_count}/{device.sensor_count} sensors online, {last}")
        seen += len(page.results)
        if not page.results or seen >= page.count:
            return


def latest(connection, arguments):
    """Print the newest reading of each sensor of a device."""
    answer = connection.call(
        connection.telemetry.Latest, telemetry_pb2.LatestRequest(device_id=arguments.device))
    for reading in answer.readings:
        print(f"{reading.sensor_id:14}{reading.sensor_type:20}{number(reading.value)} {reading.unit}  "
              f"{clock(reading.timestamp)}")
    if not answer.readings:
        print(f"{arguments.device} has not measured anything yet")


def yesterday(connection, arguments):
    """Print minimum, average and maximum of each hour of yesterday (UTC)."""
    day = 86_400
    today = int(time.time()) // day * day
    request = telemetry_pb2.HistoryRequest(
        device_id=arguments.device, sensor_id=arguments.sensor, interval="1h")
    request.to.seconds = today
    getattr(request, "from").seconds = today - day  # `from` is a word of Python
    series, hours = {}, 0
    for message in connection.call(connection.telemetry.History, request):
        # The first message names the series, by the keys that stand for them in the columns of this stream.
        series.update((one.series_key, one) for one in message.series)
        block = message.block
        for key, start, low, average, high, count in zip(
                block.series_key, block.timestamp_us, block.minimum, block.value, block.maximum, block.count):
            hours += 1
            print(f"{moment(start)}  {series[key].sensor_id:14}min {number(low)}  avg {number(average)}  "
                  f"max {number(high)} {series[key].unit}  ({count} readings)")
    if not hours:
        print(f"{arguments.device} measured nothing yesterday")


def send(connection, arguments):
    """Send a reading and print what became of it."""
    reading = telemetry_pb2.Reading(
        device_id=arguments.device, sensor_id=arguments.sensor, value=arguments.value, unit=arguments.unit)
    if arguments.at:
        try:
            reading.timestamp.FromJsonString(arguments.at)
        except ValueError:
            raise Problem("--at is not a time such as 2025-01-01T12:00:00Z") from None
    else:
        reading.timestamp.GetCurrentTime()
    # A batch of one. When every reading is refused, the call itself fails and names the field.
    answer = connection.call(connection.telemetry.Ingest, telemetry_pb2.IngestRequest(readings=[reading]))
    # OK: committed. There is a verdict for each reading, in the order they were sent.
    for verdict in answer.results:
        when = clock(reading.timestamp)
        if verdict.outcome == telemetry_pb2.IngestResult.STORED:
            print(f"stored {reading.sensor_id} of {when}")
        elif verdict.outcome == telemetry_pb2.IngestResult.DUPLICATE:
            print(f"there was a reading of {reading.sensor_id} of {when} already")
        else:
            raise Problem(f"refused ({verdict.reason}): {verdict.field} {verdict.message}")


def follow(connection, arguments):
    """Print readings as they are committed, until Ctrl-C."""
    follower = LiveFollower(connection, arguments.device)
    for count, (device, sensor, unit, when, value) in enumerate(follower.points(), 1):
        print(f"{moment(when)}  {device}  {sensor}  {number(value)} {unit}", flush=True)
        if count == arguments.count:
            return


class LiveFollower:
    """Follows live readings for as long as it takes: connects again, and reads what it missed from history.

    `Subscribe` starts at the newest commit. Every commit has a number, and the `start` of a stream says up to which
    number everything is history; so after a lost connection it is known *that* commits were missed, and `History`
    has their readings, found by when they were measured.
    """

    # How long before the connection was lost something may have been measured that was committed after that. A
    # device that was offline for longer sends older readings: whoever must have them all compares with history later.
    LOOKBACK = 600 * 1_000_000

    def __init__(self, connection, names):
        self.connection = connection
        self.names = names
        # The keys of the current stream.
        self.series = {}
        # The last commit that was seen.
        self.cursor = None
        # Our time at the last message, in microseconds since 1970.
        self.last_contact = time.time_ns() // 1000
        # What was handed out lately, so that history hands out only the rest.
        self.recent = set()
        self.recent_limit = 10_000
        self.known = set()

    def points(self):
        """Device, sensor, unit, time of measurement in microseconds since 1970, value."""
        pause = 0.2
        while True:
            before = self.cursor
            try:
                yield from self.stream()
                note("the server ended the stream; connecting again")
            except grpc.RpcError as error:
                if error.code() not in PASSING:
                    raise
                note(f"{error.details()}; connecting again")
            if self.cursor != before:
                pause = 0.2
            time.sleep(pause)
            pause = min(pause * 2, 5)

    def stream(self):
        """One stream, from its start to its end."""
        # `GAP`: a reader that is too slow hears what it missed, instead of losing the stream.
        stream = self.connection.call(
            self.connection.telemetry.Subscribe,
            telemetry_pb2.SubscribeRequest(device_id=self.names, slow_reader=telemetry_pb2.GAP))
        self.series = {}
        try:
            for message in stream:
                event = message.WhichOneof("event")
                if event == "start":
                    self.add(message.start.series)
                    note(f"live from commit {message.start.cursor}, {len(message.start.series)} sensors")
                    if self.cursor is not None and self.cursor < message.start.cursor:
                        yield from self.recover(self.cursor + 1, message.start.cursor)
                    self.cursor = message.start.cursor
                elif event == "series":
                    self.add(message.series.series)
                elif event == "block":
                    self.cursor = message.block.cursor
                    yield from self.new(message.block, self.series)
                elif event == "gap":
                    yield from self.recover(message.gap.from_cursor, message.gap.to_cursor)
                    self.cursor = message.gap.to_cursor
                self.last_contact = time.time_ns() // 1000
                if len(self.recent) > self.recent_limit:
                    self.forget()
        finally:
            stream.cancel()

    def recover(self, first, last):
        """What was committed unseen."""
        found = 0
        for device in self.names or sorted(self.known):
            request = telemetry_pb2.HistoryRequest(device_id=device, interval="raw")
            getattr(request, "from").FromMicroseconds(self.last_contact - self.LOOKBACK)
            keys = {}
            for message in self.connection.call(self.connection.telemetry.History, request):
                keys.update((one.series_key, one) for one in message.series)
                for point in self.new(message.block, keys):
                    found += 1
                    yield point
        note(f"missed commits {first}…{last}: {found} readings from history")

    def new(self, block, series):
        """The readings of a block that were not handed out yet."""
        for key, when, value in zip(block.series_key, block.timestamp_us, block.value):
            one = series[key]
            identity = (one.device_id, one.sensor_id, when)
            if identity not in self.recent:
                self.recent.add(identity)
                yield one.device_id, one.sensor_id, one.unit, when, value

    def add(self, series):
        for one in series:
            self.series[one.series_key] = one
            self.known.add(one.device_id)

    def forget(self):
        """Drops what history would not be asked for."""
        self.recent = {one for one in self.recent if one[2] >= self.last_contact - self.LOOKBACK}
        self.recent_limit = max(10_000, 2 * len(self.recent))


def note(text):
    print(f"— {text}", file=sys.stderr, flush=True)


def number(value):
    """At most three decimals."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def moment(microseconds):
    """A time in UTC, to the millisecond."""
    when = datetime.datetime.fromtimestamp(microseconds // 1000 / 1000, datetime.timezone.utc)
    return when.isoformat(timespec="milliseconds").replace(".000", "").replace("+00:00", "Z")


def clock(timestamp):
    return timestamp.ToJsonString()


HINTS = {
    grpc.StatusCode.UNAUTHENTICATED:
        "is TRAKSENSE_API_KEY a key of this tenant, not expired and not revoked?",
    grpc.StatusCode.PERMISSION_DENIED: "the key's scopes do not allow this; see `traksense apikey list`",
    grpc.StatusCode.UNAVAILABLE: "is the server running, and is the address right?",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "too many calls; try again later",
}


def advice(error):
    """What a failed call means to the person at the terminal."""
    lines = [f"{error.code().name}: {error.details()}"]
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        wrong = error_details_pb2.BadRequest()
        if detail.Unpack(wrong):
            # The request's fields that were wrong, by their names in the .proto.
            lines += [f"  {one.field}: {one.description}" for one in wrong.field_violations]
    if error.code() in HINTS:
        lines.append(f"  {HINTS[error.code()]}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(
        description="Show what a building's devices measure.",
        epilog="The API key comes from the environment's TRAKSENSE_API_KEY.")
    parser.add_argument("--url", default=os.environ.get("TRAKSENSE_URL", "http://127.0.0.1:50051"),
                        help="http://host:port or https://host:port of the gRPC server; else TRAKSENSE_URL")
    parser.add_argument("--tenant", default=os.environ.get("TRAKSENSE_TENANT", "umc"),
                        help="slug of the tenant; else TRAKSENSE_TENANT")
    parser.add_argument("--ca", help="PEM file of the certificate authorities to trust instead of the system's")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(function, *, device=None):
        one = commands.add_parser(function.__name__, help=function.__doc__)
        one.set_defaults(run=function)
        if device:
            one.add_argument("device", nargs=device if device == "*" else None,
                             help="by the name that it publishes under")
        return one

    command(devices).add_argument("--site", help="name of the site")
    command(latest, device="1")
    command(yesterday, device="1").add_argument(
        "--sensor", action="append", default=[], help="only this sensor; may be repeated")
    sending = command(send, device="1")
    sending.add_argument("sensor", help="the sensor's tag")
    sending.add_argument("value", type=float, help="what was measured")
    sending.add_argument("unit", help="the sensor's unit")
    sending.add_argument("--at", help="when it was measured: 2025-01-01T12:00:00Z; else now")
    command(follow, device="*").add_argument("--count", type=int, help="stop after so many readings")

    arguments = parser.parse_args()
    try:
        arguments.run(Connection(arguments), arguments)
    except grpc.RpcError as error:
        sys.exit(advice(error))
    except (Problem, OSError) as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
