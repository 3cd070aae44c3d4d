# SPDX-License-Identifier: Apache-2.0
"""Decodes a tenant's journal and compares it with the readings that are stored.

Usage: journal.py JOURNAL READINGS [AFTER]
JOURNAL: lines of seq, payload in hexadecimal. READINGS: lines of sensor key, microseconds, value.
The digest covers the rows whose seq is larger than AFTER, as subscribe.py's does.
"""
import json
import sys
from collections import Counter

from blocks import Digest
from traksense.v1 import telemetry_pb2 as pb

after = int(sys.argv[3]) if len(sys.argv) > 3 else 0
digest, seqs, journal = Digest(), [], Counter()
for line in open(sys.argv[1], encoding="ascii"):
    seq, payload = line.split("\t")
    block = pb.JournalBlock.FromString(bytes.fromhex(payload))
    seqs.append(int(seq))
    journal.update(zip(block.series_key, block.timestamp_us, block.value))
    if int(seq) > after:
        digest.add(int(seq), block)
stored = Counter()
for line in open(sys.argv[2], encoding="ascii"):
    key, time, value = line.split("\t")
    stored[(int(key), int(time), float(value))] += 1
print(json.dumps({
    "event": "journal", "rows": len(seqs), "dense": seqs == list(range(1, len(seqs) + 1)),
    "last": seqs[-1] if seqs else 0, "points": sum(journal.values()),
    "only_in_journal": sum((journal - stored).values()),
    "only_in_readings": sum((stored - journal).values()), "total": digest.points,
    "digest": digest.text()}))
