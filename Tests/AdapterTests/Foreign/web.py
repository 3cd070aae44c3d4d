# SPDX-License-Identifier: Apache-2.0
"""A web server with a page for each thing that can go wrong."""
import argparse
import http.server
import json
import ssl
import time

parser = argparse.ArgumentParser()
parser.add_argument("--certificate")
parser.add_argument("--key")
options = parser.parse_args()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, headers=()):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        page, _, argument = self.path[1:].partition("/")
        if page == "bytes":
            self.answer(200, b"x" * int(argument), [("content-type", "text/x-test")])
        elif page == "endless":
            self.send_response(200)
            self.end_headers()
            self.close_connection = True
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                pass
        elif page == "status":
            self.answer(int(argument), b"no")
        elif page == "redirect":
            self.answer(302, b"", [("location", "/bytes/5")])
        elif page == "slow":
            time.sleep(3600)
        elif page == "short":
            self.send_response(200)
            self.send_header("content-length", "100")
            self.end_headers()
            self.wfile.write(b"x")
            self.close_connection = True
        elif page == "headers":
            self.answer(200, json.dumps(dict(self.headers)).encode())

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.answer(201, body[::-1])

    def do_DELETE(self):
        self.answer(204, b"")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if options.certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(json.dumps({"port": server.server_port}), flush=True)
server.serve_forever()
