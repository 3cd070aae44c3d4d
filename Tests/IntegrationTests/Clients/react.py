# SPDX-License-Identifier: Apache-2.0
"""Does what the existing React client does: sign in, take the base URL from the answer, ask who one is, renew the
session when a call is refused, try again, sign out.

Usage: react.py PORT HOST USER PASSWORD
Prints {"event": "step", "name", "status", …} for each step.
"""
import json
import sys

from rest import Browser

port, host, user, password = int(sys.argv[1]), *sys.argv[2:]
browser = Browser(port, f"{host}:{port}")


def say(name, status, **fields):
    print(json.dumps({"event": "step", "name": name, "status": status, **fields}), flush=True)


def call(method, path, body=None):
    """The client's interceptor: one renewal, then the call again."""
    status, headers, content = browser.request(method, base + path, body)
    if status == 401:
        renewed, _, _ = browser.request("POST", base + "/auth/token/refresh/", {})
        say("renewal", renewed)
        if renewed == 200:
            status, headers, content = browser.request(method, base + path, body)
    return status, content


status, headers, content = browser.request(
    "POST", "/api/auth/login/", {"username_or_email": user, "password": password})
say("login", status, keys=sorted(content), cookies=headers.get_all("set-cookie"),
    tenant=content.get("tenant"), user=content.get("user"))
url = content["tenant"]["api_base_url"]
base = url[len(f"http://{host}:{port}"):]
say("base", 0, url=url)

status, me = call("GET", "/users/me/")
say("me", status, user=me)

# The access token is over: the browser has dropped its cookie.
first = dict(browser.cookies)
browser.cookies.pop("access_token")
status, me = call("GET", "/users/me/")
say("me after renewal", status, user=me)
say("rotation", 0, access=first["access_token"] != browser.cookies["access_token"],
    refresh=first["refresh_token"] != browser.cookies["refresh_token"])

# A stale cookie does not get in the way of open routes.
stale = Browser(port, f"{host}:{port}")
stale.cookies = {"access_token": "no.token.atall"}
status, _, content = stale.request(
    "POST", "/api/auth/login/", {"username_or_email": user, "password": password})
say("login with a stale cookie", status)

last = dict(browser.cookies)
status, content = call("POST", "/auth/logout/", {})
say("logout", status, cookies=sorted(browser.cookies))
browser.cookies = last
status, _, content = browser.request("GET", base + "/users/me/")
say("me after logout", status)
status, _, content = browser.request("POST", base + "/auth/token/refresh/", {})
say("renewal after logout", status)

# A refresh token that was used already ends the session of whoever has its successor.
thief = Browser(port, f"{host}:{port}")
stale.request("POST", "/api/auth/login/", {"username_or_email": user, "password": password})
thief.cookies = dict(stale.cookies)
status, _, _ = stale.request("POST", "/auth/refresh", {})
say("first use", status)
status, _, _ = thief.request("POST", "/auth/refresh", {})
say("reuse", status)
status, _, _ = stale.request("POST", "/auth/refresh", {})
say("successor after reuse", status)
status, _, _ = stale.request("GET", "/auth/me")
say("access after reuse", status)
