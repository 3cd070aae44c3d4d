# SPDX-License-Identifier: Apache-2.0
"""A small browser: one connection a request, cookies by host, the Origin of its page."""
import http.client
import json
from http.cookies import SimpleCookie


class Browser:
    def __init__(self, port, host, origin=None, scheme="http"):
        self.port, self.host = port, host
        self.origin = origin or f"{scheme}://{host}"
        self.cookies = {}

    def request(self, method, path, body=None, headers=None, origin=True, raw=None):
        """Returns (status, headers, JSON or text)."""
        fields = {"Host": self.host}
        if self.cookies:
            fields["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if origin and method not in ("GET", "HEAD"):
            fields["Origin"] = self.origin
        payload = raw
        if body is not None:
            payload = json.dumps(body).encode()
            fields["Content-Type"] = "application/json"
        fields.update(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, payload, fields)
        response = connection.getresponse()
        text = response.read()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                self.remember(value)
        connection.close()
        try:
            content = json.loads(text)
        except ValueError:
            content = text.decode("utf-8", "replace")
        return response.status, response.headers, content

    def remember(self, value):
        for name, morsel in SimpleCookie(value).items():
            if morsel["max-age"] == "0" or not morsel.value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
