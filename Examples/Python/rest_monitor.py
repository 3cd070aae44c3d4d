#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does over REST what a browser does: signs in with cookies, reads, renews its session, signs out. An example that needs
nothing beside Python.

    TRAKSENSE_PASSWORD=try-traksense-1 ./rest_monitor.py --user owner ESP32-01
"""
import argparse
import http.cookiejar
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request


class Problem(Exception):
    """What is wrong, for people."""


class Session:
    """Somebody's session with one tenant, kept in two cookies that no script of a page could read either."""

    def __init__(self, url):
        self.origin = url.rstrip("/")
        parts = urllib.parse.urlsplit(self.origin)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Problem(f"'{url}' is not http://host:port or https://host:port")
        # The host is the tenant. Names below localhost are this machine (RFC 6761), which Python does not know.
        self.host = parts.netloc
        if parts.hostname.endswith(".localhost"):
            parts = parts._replace(netloc=f"127.0.0.1:{parts.port or 80}")
        self.server = urllib.parse.urlunsplit(parts)
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def sign_in(self, user, password):
        """Who signed in, and to which tenant."""
        return self.send("POST", "/api/auth/login/", {"username_or_email": user, "password": password})

    def sign_out(self):
        self.call("POST", "/api/auth/logout/", {})

    def call(self, method, path, body=None):
        """A call as a member of the tenant. The access token lives for 15 minutes; then the refresh token, which works
        once, gives the next two."""
        try:
            return self.send(method, path, body)
        except urllib.error.HTTPError as error:
            if error.code != 401:
                raise
        self.send("POST", "/api/auth/refresh/", {})
        return self.send(method, path, body)

    def send(self, method, path, body=None):
        request = urllib.request.Request(self.server + path, method=method)
        request.add_header("Host", self.host)
        request.add_header("Accept", "application/json")
        # What changes something by cookie must come from a page of this host; browsers say so by themselves.
        request.add_header("Origin", self.origin)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with self.opener.open(request, timeout=20) as response:
            content = response.read()
            return json.loads(content) if content else None


def pages(session, path, **query):
    """All items of a list, page by page."""
    query["page"] = 0
    while True:
        query["page"] += 1
        answer = session.call("GET", f"{path}?{urllib.parse.urlencode(query)}")
        yield from answer["results"]
        if answer["next"] is None:
            return


def show(session, device):
    me = session.call("GET", "/api/users/me/")
    print(f"signed in as {me['username']}")
    for one in pages(session, "/api/devices/", page_size=100):
        print(f"{one['mqtt_client_id']:12}{one['site_name']:28}{one['status']}")
    latest = session.call("GET", f"/api/ingest/latest/{urllib.parse.quote(device, safe='')}/")
    for reading in latest["readings"]:
        print(f"{reading['sensor_id']:14}{reading['value']:10.3f} {reading['unit']:6}{reading['timestamp']}")
    query = urllib.parse.urlencode({"interval": "1h", "limit": 1000})
    history = session.call("GET", f"/api/ingest/history/{urllib.parse.quote(device, safe='')}/?{query}")
    for row in history["data"]:
        print(f"{row['timestamp']}  {row['sensor_id']:14}min {row['min']:.3f}  avg {row['avg']:.3f}  "
              f"max {row['max']:.3f} {row['unit']}")
    if history["truncated"]:
        print("… and more")


def advice(error):
    """What a refused request means to the person at the terminal."""
    try:
        problem = json.loads(error.read())
    except ValueError:
        return f"{error.code} {error.reason}"
    if "detail" in problem:
        return f"{error.code}: {problem['detail']}"
    # 400: what is wrong with each field.
    return "\n".join([f"{error.code}:"] + [f"  {field}: {' '.join(texts)}" for field, texts in problem.items()])


def main():
    parser = argparse.ArgumentParser(description="Show what a building's devices measure, over REST.")
    parser.add_argument("--url", default=os.environ.get("TRAKSENSE_REST_URL", "http://umc.localhost:8000"),
                        help="the tenant's own host; else TRAKSENSE_REST_URL")
    parser.add_argument("--user", required=True, help="e-mail or user name; the password is TRAKSENSE_PASSWORD")
    parser.add_argument("device", help="by the name that it publishes under")
    arguments = parser.parse_args()
    try:
        session = Session(arguments.url)
        session.sign_in(arguments.user, os.environ.get("TRAKSENSE_PASSWORD", ""))
        try:
            show(session, arguments.device)
        finally:
            session.sign_out()
    except urllib.error.HTTPError as error:
        sys.exit(advice(error))
    except (Problem, OSError) as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
