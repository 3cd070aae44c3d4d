# SPDX-License-Identifier: Apache-2.0
"""Reads messages as Python's email package does; prints a line of JSON for each file."""
import email
import email.header
import email.policy
import email.utils
import json
import sys

for name in sys.argv[1:]:
    with open(name, "rb") as file:
        raw = file.read()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    recipient = message["to"].addresses
    sender = message["from"].addresses
    print(json.dumps({
        "subject": message["subject"],
        "body": message.get_content().replace("\r\n", "\n"),
        "recipientText": str(email.header.make_header(
            email.header.decode_header(email.message_from_bytes(raw)["to"]))),
        "recipients": [[a.display_name, a.addr_spec] for a in recipient],
        "senders": [[a.display_name, a.addr_spec] for a in sender],
        "date": message["date"].datetime.timestamp(),
        "messageID": message["message-id"],
        "headers": sorted(key.lower() for key in message.keys()),
        "encoding": message["content-transfer-encoding"],
        "defects": [str(d) for d in message.defects]
        + [str(d) for key in message.keys() for d in message[key].defects],
        "longestLine": max(len(line) for line in raw.split(b"\r\n")),
        "isSevenBit": all(byte < 128 for byte in raw),
        "hasBareLineEnds": raw.replace(b"\r\n", b"").count(b"\n") + raw.replace(b"\r\n", b"").count(b"\r") > 0,
    }))
