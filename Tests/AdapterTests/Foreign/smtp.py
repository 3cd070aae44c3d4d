# SPDX-License-Identifier: Apache-2.0
"""A mail server (aiosmtpd) that keeps what it gets: FOLDER/N.eml, and a line of JSON on standard output for each
message. What it refuses is asked for by the recipient's name: `rcpt-451@…`, `data-554@…`; `stall@…` gets no answer."""
import argparse
import asyncio
import json
import pathlib
import ssl

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--certificate")
parser.add_argument("--key")
parser.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
parser.add_argument("--login", help="user:password; nobody else may send")
parser.add_argument("--silent", action="store_true", help="accepts connections and says nothing")
options = parser.parse_args()


class Handler:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        name = address.split("@")[0]
        if name.startswith("rcpt-"):
            return f"{name[5:]} as you wish"
        if name == "stall":
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name.startswith("data-"):
            return f"{name[5:]} as you wish"
        Handler.count += 1
        (options.folder / f"{Handler.count}.eml").write_bytes(envelope.original_content)
        print(json.dumps({
            "number": Handler.count,
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "hello": session.host_name,
            "isEncrypted": session.ssl is not None or options.tls == "implicit",
            "isAuthenticated": session.authenticated is True,
        }), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    user, password = options.login.split(":")
    right = LoginPassword(user.encode(), password.encode())
    # Not handled: the server writes the answer, 235 or 535.
    return AuthResult(success=isinstance(data, LoginPassword) and data == right, handled=False)


async def main():
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
    arguments = {}
    if options.tls == "starttls":
        arguments = {"tls_context": context, "require_starttls": True}
    if options.login:
        arguments |= {"authenticator": authenticate, "auth_required": True,
                      "auth_require_tls": options.tls == "starttls"}

    def protocol():
        return asyncio.Protocol() if options.silent else SMTP(Handler(), **arguments)

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=context if options.tls == "implicit" else None)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


asyncio.run(main())
