# SPDX-License-Identifier: Apache-2.0
"""What clients keep of the blocks they receive."""
import hashlib


class Digest:
    """A running fingerprint of blocks: cursor, and every point in order."""

    def __init__(self):
        self.hash = hashlib.sha256()
        self.points = 0

    def add(self, cursor, block):
        assert len(block.series_key) == len(block.timestamp_us) == len(block.value)
        self.hash.update(f"#{cursor}".encode())
        for point in zip(block.series_key, block.timestamp_us, block.value):
            self.hash.update(repr(point).encode())
            self.points += 1

    def text(self):
        return self.hash.hexdigest()
