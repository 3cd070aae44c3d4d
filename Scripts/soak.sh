#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Throws random and mutated frames at a live server, makes calls beside them, and watches its memory.
# Usage: Scripts/soak.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
swift build --product InteropPeer 2>&1 | tail -1
exec python3 Tests/Interop/Foreign/soak.py "${1:-600}" "$(swift build --show-bin-path)/InteropPeer" server
