# SPDX-License-Identifier: Apache-2.0
"""Executes every example of the OpenAPI document literally, and compares the answers with those documented.

Usage: examples.py PORT DATABASE MAILS INGEST_KEY, of a fresh `traksense dev --interval 0`.
Prints {"event": "examples", "operations": […], "requests": N, "problems": […]}.
"""

import concurrent.futures
import json
import re
import struct
import sys
import time
import urllib.parse
import zlib

from jsonschema import Draft202012Validator, FormatChecker
from world import HOST, World

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

# Members that are of their kind, but not equal: whatever depends on the time, on chance, or on what ran before.
VARYING = {
    "": {"prefix", "key", "avatar", "kept_from", "applied_at", "availability", "avg_device_availability"},
    "GetSensorStatusHistory": {"availability", "intervals"}, "GetDeviceStatusHistory": {"availability", "intervals"},
    "GetTelemetrySummary": {
        "total_readings_24h", "avg_interval", "avg_interval_seconds", "avg_readings_per_hour", "availability_24h",
        "statistics_24h"},
    "ListAuditEvents": {"id", "count", "next", "action", "actor", "subject", "detail"},
    "ListSessions": {"count", "is_current"},
    "ListAPIKeys": {"count", "id", "scopes", "name", "last_used_at"}, "ListCompleteAssets": {"latest_readings"},
    "CreateDeviceSensors": {"id"},
    "ListMembers": {"count", "id", "user", "role", "can_write", "can_manage_team", "can_delete_tenant"},
    "GetTeamStats": {"total_members", "active_members", "members_by_role", "members_by_status", "pending_invites"},
    "GetTelemetrySettings": {"can_compress"}, "UpdateTelemetrySettings": {"can_compress"},
    "AcceptInvite": {"id"}, "AcceptTeamInvite": {"id"}, "ValidateInvite": {"id"}, "RevokeOtherSessions": {"revoked"},
    "getMediaKey": {"*"}, "getSchema": {"*"}, "getIngestStream": {"*"},
}

# What comes first: reading, then making, changing and removing; mails and passwords between.
ORDER = [
    "postIngest", "Get", "List", "Query", "getIngest", "getTelemetry", "Update", "ArchiveSite", "RestoreSite",
    "ArchiveAsset", "RestoreAsset", "ArchiveDevice", "RestoreDevice", "ArchiveSensor", "RestoreSensor", "Register",
    "Login", "Create", "CreateDeviceSensors", "Replace", "Rotate", "Resend", "ValidateInvite", "Cancel", "AcceptInvite",
    "AcceptTeamInvite", "RequestPasswordReset", "ValidatePasswordReset", "ConfirmPasswordReset",
]
FIRST = {"CreateInvite", "CreateAPIKey"}
# What can be done to the same thing twice, but not in another round.
ONCE = {"UpdateInvite", "ValidatePasswordReset"}
LAST = ["postAuth", "postUsers", "getMedia", "DeleteAvatar", "Delete", "Revoke", "Remove", "ChangePassword", "Logout", "Refresh"]


def picture():
    """A PNG of one pixel."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(bytes(4))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


class Operation:
    """One operation of the document."""

    def __init__(self, path, verb, value):
        self.path, self.verb, self.value = path, verb.upper(), value
        self.id = value["operationId"]
        # `ListSites` for `ListSites2`.
        self.name = re.sub(r"\d+$", "", self.id)
        self.number = int(self.id[len(self.name):] or 1)

    @property
    def order(self):
        if self.name in FIRST:
            return (self.number, 0, 1)
        number = 1 if self.name in ONCE else self.number
        # The longest beginning that is named.
        places = [(len(name), place, index) for place, names in [(2, LAST), (1, ORDER)]
                  for index, name in enumerate(names) if self.name.startswith(name)]
        return (number, *(max(places)[1:] if places else (1, len(ORDER))))


class Walk:
    """Goes through the document."""

    def __init__(self, world, ingest_key):
        self.world, self.ingest_key = world, ingest_key
        self.document = world.send("GET", "/api/schema/").json
        self.problems, self.requests, self.picture = [], 0, ""
        self.session, _ = world.sign_in("owner")
        scoped = {"name": "Ingest only", "scopes": ["ingest"]}
        # Out of the way: the examples number keys from 2.
        world.sql("SELECT setval(pg_get_serial_sequence('accounts_apikey', 'id'), 999)")
        key = world.send("POST", "/tenant/api-keys/", scoped, self.session).json["key"]
        world.sql("SELECT setval(pg_get_serial_sequence('accounts_apikey', 'id'), 1)")
        self.ingest_only = {"X-Api-Key": key}

    def problem(self, operation, text):
        self.problems.append(f"{operation.verb} {operation.path} ({operation.id}): {text}")

    def all(self):
        found = []
        for path, operations in self.document["paths"].items():
            for verb, value in operations.items():
                found.append(Operation(path, verb, value))
        return sorted(found, key=lambda one: one.order)

    def resolved(self, value):
        while "$ref" in value:
            found = self.document
            for part in value["$ref"][2:].split("/"):
                found = found[part]
            value = found
        return value

    def validate(self, schema, value):
        whole = {**schema, "components": self.document["components"]}
        errors = Draft202012Validator(whole, format_checker=FormatChecker()).iter_errors(value)
        return [f"{'/'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in errors]

    # Requests.

    def parameters(self, operation):
        return [self.resolved(one) for one in operation.value.get("parameters", [])]

    def bodies(self, operation):
        """The documented bodies by name; without names, by an empty one."""
        content = operation.value.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return {"": None}
        if "examples" in content:
            return {name: one["value"] for name, one in content["examples"].items()}
        return {"": content.get("example")}

    def address(self, operation, changed=None, unknown=None):
        """Path and query of the documented request; `changed` has other parameters."""
        path, query = operation.path, []
        for one in self.parameters(operation):
            value = (changed or {}).get(one["name"], one.get("example"))
            if value is None:
                continue
            if one["in"] == "path":
                path = path.replace(f"{{{one['name']}}}", urllib.parse.quote(str(value)))
            else:
                values = value if isinstance(value, list) else [value]
                query += [(one["name"], str(each).lower() if each in (True, False) else each) for each in values]
        query += unknown or []
        return "/api" + path + ("?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote) if query else "")

    def send(self, operation, body, headers, changed=None, unknown=None):
        """The documented request; `changed` has other parameters."""
        path = self.address(operation, changed, unknown)
        self.requests += 1
        if operation.name.endswith("Avatar") and operation.verb == "POST":
            form = b'--x\r\nContent-Disposition: form-data; name="avatar"; filename="a.png"\r\n\r\n' + picture() + b"\r\n--x--\r\n"
            return self.world.send(operation.verb, path, form, headers, kind="multipart/form-data; boundary=x")
        return self.world.send(operation.verb, path, body, headers)

    # What an example needs that it cannot say itself.

    def prepare(self, operation, body):
        """The credentials to show, and the parameters and members of the body that cannot be literal."""
        world, name = self.world, operation.name
        headers, changed = self.session, {}
        if not operation.value["security"]:
            headers = {}
        if name == "postIngest":
            headers = {"X-Api-Key": self.ingest_key}
        if name in ("Logout", "Refresh"):
            headers = {"Cookie": world.sign_in("owner")[1], "Origin": f"http://umc.localhost:{world.port}"}
        if name == "ResendInvite":
            # Its link ends.
            world.mail("rui@umc.example")
        if name == "ChangePassword":
            headers, _ = world.sign_in(["operator", "admin"][operation.number - 1])
        if name == "RevokeSession":
            _, cookie = world.sign_in("owner")
            sessions = world.send("GET", "/auth/sessions/", headers=self.session).json["results"]
            changed["session_id"] = next(one["id"] for one in sessions if not one["is_current"])
        if name in ("ValidatePasswordReset", "ConfirmPasswordReset"):
            if not hasattr(self, "reset"):
                self.reset = world.mail("viewer@umc.example")
            changed["token"] = self.reset
        if name in ("ValidateInvite", "AcceptInvite"):
            if name == "AcceptInvite":
                self.invite("rui@umc.example")
            changed["token"] = world.mail("rui@umc.example")
        if name == "AcceptTeamInvite":
            self.invite("ana@clinica-sul.example")
            changed["token"] = world.mail("ana@clinica-sul.example")
            headers, _ = world.sign_in("ana", "Quiet-Harbour-17", host="clinica-sul.localhost")
        if name == "getMediaKey":
            key, _, query = self.picture.partition("?")
            changed = dict(urllib.parse.parse_qsl(query))
            changed["key"] = key.partition("/media/")[2]
        if body is not None:
            body = {**body, **{field: value for field, value in changed.items() if field in body}}
        return headers, changed, body

    def invite(self, address):
        form = {"email": address, "role": "operator", "message": "Welcome to the team."}
        answer = self.world.send("POST", "/team/invites/", form, self.session)
        assert answer.status == 201, str(answer)

    # Answers.

    def compare(self, operation, example, real, path=""):
        """Whether the answer is as documented."""
        varying = VARYING[""] | VARYING.get(operation.name, set())
        name = path.rpartition(".")[2]
        if name in varying or "*" in varying:
            return
        if isinstance(example, dict) and isinstance(real, dict):
            if set(example) != set(real):
                self.problem(operation, f"{path} has {sorted(real)}, not {sorted(example)}")
            for key in set(example) & set(real):
                self.compare(operation, example[key], real[key], f"{path}.{key}")
        elif isinstance(example, list) and isinstance(real, list):
            if bool(example) != bool(real):
                self.problem(operation, f"{path} is {real}, not {example}")
            for one, other in zip(example, real[:1] if len(example) == 1 else real):
                self.compare(operation, one, other, path)
        elif isinstance(example, str) and isinstance(real, str):
            alike = any(form.match(example) and form.match(real) for form in (TIME, UUID))
            if not alike and example != real.replace(f":{self.world.port}", ":8000"):
                self.problem(operation, f"{path} is {real!r}, not {example!r}")
        elif example != real or isinstance(example, bool) != isinstance(real, bool):
            self.problem(operation, f"{path} is {real!r}, not {example!r}")

    def success(self, operation, name):
        """The documented status and content for a request."""
        for status, response in operation.value["responses"].items():
            if not status.startswith("2"):
                continue
            contents = response.get("content", {})
            content = contents.get("application/json") or next(iter(contents.values()), None)
            if not name or content and name in content.get("examples", {}):
                return int(status), content
        return 0, None

    def check(self, operation):
        """Sends the documented requests, and looks at what comes."""
        for name, body in self.bodies(operation).items():
            if operation.value.get("requestBody") and body is None and "Avatar" not in operation.id:
                self.problem(operation, "the body has no example")
            headers, changed, body = self.prepare(operation, body)
            missing = [
                one["name"] for one in self.parameters(operation) if one["in"] == "path" and "example" not in one]
            if missing:
                self.problem(operation, f"no example of {missing}")
                return
            answer = self.send(operation, body, headers, changed)
            status, content = self.success(operation, name)
            if answer.status != status:
                self.problem(operation, f"{answer}, not {status}")
                continue
            if status == 204:
                continue
            kind = answer.headers["content-type"].partition(";")[0]
            if kind != "application/json":
                continue
            example = content["examples"][name]["value"] if name else content.get("example")
            if example is None:
                self.problem(operation, "the answer has no example")
                continue
            for who, value in [("the documented answer", example), ("the answer", answer.json)]:
                for wrong in self.validate(content["schema"], value):
                    self.problem(operation, f"{who} is not as its schema: {wrong}")
            self.compare(operation, example, answer.json)
            if isinstance(answer.json, dict) and answer.json.get("avatar"):
                self.picture = answer.json["avatar"]
            if operation.name == "ChangePassword":
                headers, _ = self.world.sign_in(["operator", "admin"][operation.number - 1], body["new_password"])
            self.errors(operation, body, headers, changed)

    # What is wrong.

    def refused(self, operation, status, answer, field=None, same=False):
        """Whether an error is as documented."""
        response = operation.value["responses"].get(str(status))
        if answer.status != status:
            return self.problem(operation, f"{answer}, not {status} ({field})")
        if response is None:
            return self.problem(operation, f"{status} is not documented")
        content = self.resolved(response)["content"]["application/json"]
        for wrong in self.validate(content["schema"], answer.json):
            self.problem(operation, f"{status} is not as its schema: {wrong}")
        for wrong in self.validate(content["schema"], content["example"]):
            self.problem(operation, f"the example of {status} is not as its schema: {wrong}")
        if field and not any(re.split(r"[.\[]", key)[0] == field for key in answer.json):
            self.problem(operation, f"{answer} does not name {field}")
        if same and answer.json != content["example"]:
            self.problem(operation, f"{answer} is not the documented {content['example']}")

    def errors(self, operation, body, headers, changed):
        """Provokes the usual errors of an operation."""
        if operation.name in ("getHealth", "getSchema", "getMediaKey", "Logout", "Refresh"):
            return
        if operation.value["security"]:
            self.refused(operation, 401, self.send(operation, body, {}, changed), same=True)
            if operation.name != "postIngest":
                answer = self.send(operation, body, self.ingest_only, changed)
                is_person = len(operation.value["security"]) == 2
                self.refused(operation, 403, answer, same=not is_person)
        if "requestBody" not in operation.value:
            answer = self.send(operation, body, headers, changed, unknown=[("nonsense", "1")])
            self.refused(operation, 400, answer, "nonsense")
        ids = [one["name"] for one in self.parameters(operation) if one["in"] == "path" and one["name"] == "id"]
        if ids and operation.name not in ("CreateDeviceSensors",):
            self.refused(operation, 404, self.send(operation, body, headers, {**changed, "id": 4000000000}))
        if operation.verb == "POST" and "409" in operation.value["responses"] and operation.name.startswith("Create") \
                and operation.name != "CreateInvite":
            self.refused(operation, 409, self.send(operation, body, headers, changed))
        if operation.name in ("DeleteSite", "DeleteAsset", "DeleteDevice", "DeleteSensor"):
            self.refused(operation, 409, self.send(operation, body, headers, {"id": 1}))
        content = operation.value.get("requestBody", {}).get("content", {}).get("application/json")
        if content and "properties" in content["schema"]:
            self.limits(operation, content["schema"], body, headers, changed)
        for one in self.parameters(operation):
            if one["in"] == "query":
                for wrong in self.beyond(one["schema"]):
                    answer = self.send(operation, body, headers, {**changed, one["name"]: wrong})
                    self.refused(operation, 400, answer, one["name"])

    def limits(self, operation, schema, body, headers, changed):
        """Sends bodies without what must be there, and with values just beyond their limits."""
        for field in schema.get("required", []):
            less = {key: value for key, value in body.items() if key != field}
            self.refused(operation, 400, self.send(operation, less, headers, changed), field)
        for field, value in schema["properties"].items():
            for wrong in self.beyond(value):
                answer = self.send(operation, {**body, field: wrong}, headers, changed)
                # In fields that say who somebody is, what cannot be right is only wrong.
                self.refused(operation, 400, answer, field)

    def beyond(self, schema):
        """Values that break one of a schema's rules each."""
        wrong = []
        if "enum" in schema:
            wrong.append("no-such-word")
        if "maxLength" in schema:
            wrong.append("1" * (schema["maxLength"] + 1))
        if schema.get("maximum", 4294967295) != 4294967295:
            wrong.append(schema["maximum"] + 1)
        if schema.get("minimum", 0) > 1:
            wrong.append(schema["minimum"] - 1)
        if "pattern" in schema and "maxLength" in schema and re.search(schema["pattern"], "a/b") is None:
            wrong.append("a/b")
        if schema.get("format") in ("email", "date", "date-time"):
            wrong.append("no-such-form")
        return wrong

    # What is wrong with the body, whatever is in it, and with the server.

    def with_body(self):
        """The operations that have a body, and its type."""
        for operation in self.all():
            for kind in operation.value.get("requestBody", {}).get("content", {}):
                yield operation, f"{kind}; boundary=x" if kind.startswith("multipart/") else kind

    def begin_stalled(self):
        """Begins bodies that do not go on. Pictures have longer than any other body; their 408 is in `AvatarTests`."""
        return [
            (operation, self.world.begin(operation.verb, self.address(operation), self.session, kind, 10, b"{"))
            for operation, kind in self.with_body() if kind == "application/json"]

    def end_stalled(self, stalled):
        for operation, connection in stalled:
            self.requests += 1
            self.refused(operation, 408, self.world.end(connection), same=True)

    def unread(self):
        """Bodies of another type, and of more than may be sent."""
        limit = int(re.search(r"\d+", self.document["components"]["responses"]["ContentTooLarge"]["content"]
                              ["application/json"]["example"]["detail"])[0])
        for operation, kind in self.with_body():
            self.requests += 1
            answer = self.world.send(operation.verb, self.address(operation), b"x", self.session, kind="text/plain")
            self.refused(operation, 415, answer, same=True)
            if "413" in operation.value["responses"]:
                self.requests += 1
                connection = self.world.begin(
                    operation.verb, self.address(operation), self.session, kind, limit + 1)
                self.refused(operation, 413, self.world.end(connection), same=True)
        # Without a length, it is known when it has come; and what is just within is read.
        operation = next(one for one in self.all() if one.id == "CreateSite")
        for size, status in [(limit, 400), (limit + 1, 413)]:
            self.requests += 1
            parts = iter([b"{" + b" " * (size - 3), b"}}"])
            answer = self.world.send("POST", "/api/sites/", parts, self.session)
            self.refused(operation, status, answer, same=status == 413)

    def without_database(self):
        """All operations while the database is away."""
        def ask(operation):
            body = next(iter(self.bodies(operation).values()))
            headers = self.ingest_only if operation.name == "postIngest" else self.session
            # At an address, nobody looks for the tenant before the caller is looked at.
            host = "127.0.0.1" if operation.value["security"] else HOST
            return self.world.alone(operation.verb, self.address(operation), body, headers, host)

        # A picture is looked at first.
        asked = [one for one in self.all() if one.name not in ("postAuthAvatar", "postUsersMeAvatar")]
        with self.world.outage(), concurrent.futures.ThreadPoolExecutor(40) as threads:
            # What was looked up is remembered for a moment.
            for _ in range(200):
                if self.world.alone("GET", "/api/schema/").status == 503:
                    break
                time.sleep(0.1)
            for operation, answer in zip(asked, threads.map(ask, asked)):
                self.requests += 1
                self.refused(operation, 503, answer)
                if operation.name != "getHealth" and "retry-after" not in answer.headers:
                    self.problem(operation, "503 without Retry-After")

    def lock_out(self):
        """Too many failures."""
        operation = next(one for one in self.all() if one.id == "Login")
        body = {"username_or_email": "nobody-at-all", "password": "wrong"}
        for _ in range(6):
            answer = self.send(operation, body, {})
            if answer.status != 401:
                break
        self.refused(operation, 429, answer)
        if "retry-after" not in answer.headers:
            self.problem(operation, "429 without Retry-After")

    def run(self):
        operations = self.all()
        stalled = self.begin_stalled()
        number = 1
        for operation in operations:
            if operation.order[0] != number:
                number = operation.order[0]
                self.world.forget_new()
            try:
                self.check(operation)
            except AssertionError as error:
                self.problem(operation, str(error))
        self.unread()
        self.end_stalled(stalled)
        self.lock_out()
        self.without_database()
        return [one.id for one in operations]


walk = Walk(World(int(sys.argv[1]), sys.argv[2], sys.argv[3]), sys.argv[4])
walk.world.measure(sys.argv[4])
done = walk.run()
print(json.dumps(
    {"event": "examples", "operations": done, "requests": walk.requests, "problems": walk.problems}), flush=True)
