# SPDX-License-Identifier: Apache-2.0
"""The sample tenant of `traksense dev`, as examples.py needs it: people who are signed in, mails, SQL."""

import contextlib
import copy
import http.client
import json
import pathlib
import quopri
import re
import subprocess
import time

HOST = "umc.localhost"
PASSWORD = "try-traksense-1"
SCHEMA = "uberlandia_medical_center"
# Of the catalogue, those that point at others first.
TABLES = ["sensor", "device", "asset", "site"]


class Answer:
    """What came back."""

    def __init__(self, response, text):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.cookies = [value for name, value in response.getheaders() if name.lower() == "set-cookie"]
        self.text = text

    @property
    def json(self):
        return json.loads(self.text) if self.text else None

    def __str__(self):
        return f"{self.status} {self.text[:300]}"


class World:
    """A running `traksense dev`."""

    def __init__(self, port, database, mails):
        self.port, self.database, self.mails = port, database, pathlib.Path(mails)
        # The last of what was there from the start.
        self.seeded = {table: self.sql(f"SELECT max(id) FROM assets_{table}")[0][0] for table in TABLES}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def send(self, verb, path, body=None, headers=None, host=HOST, kind="application/json"):
        """One request; `body` is made JSON unless it is bytes, or an iterator of them."""
        headers = {"Host": f"{host}:{self.port}", "User-Agent": "curl/7.88.1", **(headers or {})}
        if body is not None:
            headers["Content-Type"] = kind
            body = body if isinstance(body, bytes) or hasattr(body, "__next__") else json.dumps(body).encode()
        self.connection.request(verb, path, body, headers)
        response = self.connection.getresponse()
        if response.getheader("content-type", "").startswith("text/event-stream"):
            # Never ends.
            answer = Answer(response, response.fp.readline().decode())
            self.connection.close()
            return answer
        return Answer(response, response.read().decode(errors="replace"))

    def begin(self, verb, path, headers, kind, length, body=b""):
        """Sends the head of a request and the first bytes of a body that is said to be so long."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        connection.putrequest(verb, path, skip_host=True)
        head = {"Host": f"{HOST}:{self.port}", **headers, "Content-Type": kind, "Content-Length": str(length)}
        for name, value in head.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        return connection

    def end(self, connection):
        """What is answered to a request that was begun."""
        response = connection.getresponse()
        answer = Answer(response, response.read().decode(errors="replace"))
        connection.close()
        return answer

    def alone(self, verb, path, body=None, headers=None, host=HOST):
        """One request on a connection of its own, so that many can be under way."""
        world = copy.copy(self)
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)) as world.connection:
            return world.send(verb, path, body, headers, host)

    @contextlib.contextmanager
    def outage(self):
        """The database takes no connections."""
        server, _, name = self.database.rpartition("/")

        def tell(allow):
            script = f"""
                ALTER DATABASE "{name}" ALLOW_CONNECTIONS {allow};
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}';"""
            subprocess.run(
                ["psql", "-AtXq", "-v", "ON_ERROR_STOP=1", f"{server}/postgres"], input=script, check=True,
                capture_output=True, text=True)

        tell("false")
        try:
            yield
        finally:
            tell("true")

    def sign_in(self, name, password=PASSWORD, host=HOST):
        """Headers of a new session, and its cookies."""
        form = {"username_or_email": name, "password": password}
        answer = self.send("POST", "/api/auth/login/", form, host=host)
        assert answer.status == 200, f"{name} cannot sign in: {answer}"
        cookies = [cookie.split(";")[0] for cookie in answer.cookies]
        access = next(one for one in cookies if one.startswith("access_token="))
        return {"Authorization": f"Bearer {access.partition('=')[2]}"}, "; ".join(cookies)

    def mail(self, address):
        """The token of the newest mail to somebody."""
        for _ in range(600):
            for file in sorted(self.mails.glob("*.eml"), key=lambda one: -one.stat().st_mtime_ns):
                text = quopri.decodestring(file.read_bytes()).decode(errors="replace")
                found = re.search(r"token=([A-Za-z0-9_-]+)", text)
                if found and address in text:
                    file.unlink()
                    return found[1]
            time.sleep(0.1)
        raise AssertionError(f"no mail to {address}")

    def sql(self, text):
        """Rows of a query."""
        text = f"SET search_path = {SCHEMA}, public; {text}"
        done = subprocess.run(
            ["psql", "-AtXqc", text, self.database], check=True, capture_output=True, text=True)
        return [line.split("|") for line in done.stdout.splitlines()]

    def measure(self, ingest_key):
        """Lets every sensor of the catalogue measure something now."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        values = {"temp_001": 6.9, "energy_001": 48211.5}
        rows = self.sql(
            "SELECT d.mqtt_client_id, s.tag, s.unit FROM assets_sensor s JOIN assets_device d ON d.id = s.device_id")
        readings = [
            {"device_id": device, "sensor_id": tag, "unit": unit, "value": values.get(tag, 12), "timestamp": now}
            for device, tag, unit in rows]
        answer = self.send("POST", "/ingest/", {"readings": readings}, {"X-Api-Key": ingest_key})
        assert answer.status == 201, str(answer)

    def forget_new(self):
        """Removes what examples have made in the catalogue, and its numbers."""
        for table, last in self.seeded.items():
            name = f"assets_{table}"
            self.sql(
                f"DELETE FROM {name} WHERE id > {last};"
                f"SELECT setval(pg_get_serial_sequence('{SCHEMA}.{name}', 'id'), max(id)) FROM {name}")
