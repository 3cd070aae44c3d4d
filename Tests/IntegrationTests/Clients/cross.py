# SPDX-License-Identifier: Apache-2.0
"""Asks for one tenant's data with every mixture of hosts, headers, cookies, tokens and keys of two tenants.

Usage: cross.py FILE
FILE: {"http", "rpc", "requests", "seed", "tenants": {slug: {"host", "user", "password", "read", "admin", "ingest",
"marks": […], "poison": value}}}
An answer that holds a mark of a tenant is right only where a credential of that tenant was shown, and nothing else in
the request names the other one. Prints {"event": "crossed", "requests", "answers": {kind: {status: n}}, "shown":
{slug: n}, "violations": […]}.
"""
import base64
import collections
import http.client
import json
import random
import sys
import threading

import grpc
from rest import Browser
from traksense.v1 import telemetry_pb2 as pb

with open(sys.argv[1], encoding="utf-8") as file:
    setup = json.load(file)
tenants = setup["tenants"]
HTTP, RPC = setup["http"], setup["rpc"]
lock = threading.Lock()
answers = collections.defaultdict(collections.Counter)
shown = collections.Counter()
violations = []

for tenant in tenants.values():
    browser = Browser(HTTP, tenant["host"])
    status, _, body = browser.request(
        "POST", "/auth/login/", {"username_or_email": tenant["user"], "password": tenant["password"]})
    assert status == 200, (status, body)
    tenant["token"] = browser.cookies["access_token"]

PATHS = [
    "/ingest/latest/ESP32-01/", "/ingest/history/ESP32-01/?interval=raw", "/auth/me/", "/users/me", "/team/members/",
    "/team/members/{id}/", "/team/invites/", "/team/invites/{id}", "/team/members/stats/", "/tenant/",
    "/tenant/api-keys/", "/tenant/audit/", "/auth/sessions/", "/assets/sites/", "/sites/{id}/devices/summary/",
    "/assets/", "/assets/assets/{id}/sensors/", "/assets/complete/", "/devices/{id}/", "/devices/{id}/summary/",
    "/assets/sensors/?page_size=500", "/sensors/{id}/",
]
HOSTS = [tenant["host"] for tenant in tenants.values()] + ["api", "localhost", "127.0.0.1", "nobody.localhost"]


def named_by(host):
    return next((slug for slug, tenant in tenants.items() if tenant["host"] == host), None)


def credentials(chance):
    """Headers, and the tenants whose credentials they are."""
    fields, owners = {}, set()
    for way in chance.sample(["cookie", "bearer", "key"], chance.choice([0, 1, 1, 1, 2, 3])):
        slug = chance.choice(list(tenants))
        tenant = tenants[slug]
        secret = chance.choice([tenant["token"], tenant["read"], tenant["admin"], tenant["ingest"]])
        owners.add(slug)
        if way == "cookie":
            fields["Cookie"] = "access_token=" + tenant["token"]
        elif way == "bearer":
            fields["Authorization"] = "Bearer " + secret
        else:
            fields["X-Api-Key"] = chance.choice([tenant["read"], tenant["admin"], tenant["ingest"]])
    return fields, owners


def names(chance):
    """A host and perhaps a slug beside it, and the tenants that they name."""
    host = chance.choice(HOSTS)
    slug = chance.choice([None, None, *tenants])
    return host, slug, {named for named in (named_by(host), slug) if named}


def judge(kind, status, text, owners, named, request):
    marked = {slug for slug, tenant in tenants.items() if any(mark in text for mark in tenant["marks"])}
    with lock:
        answers[kind][str(status)] += 1
        for slug in marked:
            shown[slug] += 1
        if marked - owners or len(marked) > 1 or (marked and named - marked):
            violations.append({"request": request, "status": status, "marked": sorted(marked), "text": text[:300]})


def rest(chance):
    fields, owners = credentials(chance)
    host, slug, named = names(chance)
    path = chance.choice(PATHS).replace("{id}", str(chance.randint(1, 6)))
    if slug:
        if path.startswith("/ingest") and chance.random() < 0.5:
            path += ("&" if "?" in path else "?") + "tenant=" + slug
        else:
            fields["X-Tenant"] = slug
    connection = http.client.HTTPConnection("127.0.0.1", HTTP, timeout=120)
    connection.request("GET", path, headers={"Host": host, **fields})
    response = connection.getresponse()
    judge("rest", response.status, response.read().decode("utf-8", "replace"), owners, named, [host, path, slug, sorted(fields)])
    connection.close()


def events(chance):
    fields, owners = credentials(chance)
    host, slug, named = names(chance)
    if slug:
        fields["X-Tenant"] = slug
    connection = http.client.HTTPConnection("127.0.0.1", HTTP, timeout=120)
    connection.request("GET", "/ingest/stream/", headers={"Host": host, **fields})
    response = connection.getresponse()
    text = response.read1(65_536).decode("utf-8", "replace")
    judge("sse", response.status, text, owners, named, [host, "stream", slug, sorted(fields)])
    connection.close()


def metadata(fields, slug):
    pairs = [(name.lower(), value) for name, value in fields.items() if name != "Cookie"]
    return pairs + ([("x-tenant", slug)] if slug else [])


channels = {}


def channel(host):
    with lock:
        if host not in channels:
            channels[host] = grpc.insecure_channel(
                f"127.0.0.1:{RPC}", [("grpc.default_authority", host), ("grpc.use_local_subchannel_pool", 1)])
        return channels[host]


def without_cookies(chance):
    while True:
        fields, owners = credentials(chance)
        if "Cookie" not in fields:
            return fields, owners


def rpc(chance):
    fields, owners = without_cookies(chance)
    host, slug, named = names(chance)
    call = channel(host).unary_unary(
        "/traksense.v1.TelemetryService/Latest", request_serializer=pb.LatestRequest.SerializeToString,
        response_deserializer=pb.LatestResponse.FromString)
    try:
        text, status = str(call(pb.LatestRequest(device_id="ESP32-01"), timeout=120, metadata=metadata(fields, slug))), "OK"
    except grpc.RpcError as error:
        text, status = error.details() or "", error.code().name
    judge("rpc", status, text, owners, named, [host, "Latest", slug, sorted(fields)])


def web(chance):
    fields, owners = without_cookies(chance)
    host, slug, named = names(chance)
    message = pb.LatestRequest(device_id="ESP32-01").SerializeToString()
    connection = http.client.HTTPConnection("127.0.0.1", RPC, timeout=120)
    connection.request(
        "POST", "/traksense.v1.TelemetryService/Latest", base64.b64encode(b"\0" + len(message).to_bytes(4, "big") + message),
        {"Host": host, "Content-Type": "application/grpc-web-text", **dict(metadata(fields, slug))})
    response = connection.getresponse()
    payload, text, status = response.read(), "", response.getheader("grpc-status") or "OK"
    frames = base64.b64decode(payload) if payload else b""
    while len(frames) >= 5:
        size = int.from_bytes(frames[1:5], "big")
        if frames[0] == 0:
            text += str(pb.LatestResponse.FromString(frames[5:5 + size]))
        else:
            text += frames[5:5 + size].decode("utf-8", "replace")
        frames = frames[5 + size:]
    judge("web", status, text, owners, named, [host, "web Latest", slug, sorted(fields)])
    connection.close()


def ingest(chance):
    """Readings of one tenant's key, meant for the other; what is stored is looked for afterwards."""
    owner, target = chance.sample(list(tenants), 2)
    tenant = tenants[owner]
    host = chance.choice([tenants[target]["host"], "api", "localhost"])
    body = {
        "device_id": "ESP32-01", "sensor_id": "temp_001", "tenant": target, "unit": "°C", "value": tenant["poison"],
        "timestamp": f"2025-03-01T00:00:{chance.randint(0, 59):02}.{chance.randint(0, 999_999):06}Z",
    }
    if chance.random() < 0.3:
        del body["tenant"]
        host = tenants[target]["host"]
    if chance.random() < 0.3:
        body = {"topic": f"tenants/{target}/devices/ESP32-01/sensors/temp_001", "payload": body, "client_id": "x"}
    fields = {"Host": host, "Content-Type": "application/json"}
    secret = chance.choice([tenant["ingest"], tenant["admin"], tenant["token"]])
    fields[chance.choice(["X-Api-Key", "X-Device-Token"])] = secret
    connection = http.client.HTTPConnection("127.0.0.1", HTTP, timeout=120)
    connection.request("POST", "/ingest/", json.dumps(body).encode(), fields)
    response = connection.getresponse()
    text = response.read().decode("utf-8", "replace")
    with lock:
        answers["ingest"][str(response.status)] += 1
        if response.status < 300:
            violations.append({"request": [host, body, owner], "status": response.status, "marked": [target], "text": text})
    connection.close()


KINDS = [rest] * 55 + [rpc] * 20 + [web] * 15 + [ingest] * 7 + [events] * 3
numbers = iter(range(setup["requests"]))


def work():
    while True:
        with lock:
            number = next(numbers, None)
        if number is None:
            return
        chance = random.Random(setup["seed"] * 1_000_003 + number)
        chance.choice(KINDS)(chance)


threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({
    "event": "crossed", "requests": setup["requests"], "answers": answers, "shown": shown,
    "violations": violations[:5], "count": len(violations)}), flush=True)
