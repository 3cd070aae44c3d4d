# SPDX-License-Identifier: Apache-2.0
"""Makes the requests listed in a JSON file, in order, and prints their statuses.

Usage: walk.py PORT FILE
FILE: [{"verb", "path", "host", "headers": {}, "body": "…" | null}, …]
Prints {"event": "walked", "statuses": […]}.
"""
import http.client
import json
import sys

port = int(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as file:
    requests = json.load(file)
statuses = []
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
for request in requests:
    headers = {"Host": request["host"], **request["headers"]}
    body = request.get("body")
    if body is not None:
        headers["Content-Type"] = "application/json"
        body = body.encode()
    connection.request(request["verb"], request["path"], body, headers)
    response = connection.getresponse()
    statuses.append(response.status)
    if response.getheader("content-type", "").startswith("text/event-stream"):
        connection.close()
    else:
        response.read()
print(json.dumps({"event": "walked", "statuses": statuses}), flush=True)
