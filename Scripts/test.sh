#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests that are already built; arguments go to `swift test`.
set -euo pipefail
cd "$(dirname "$0")/.."
exec swift test --skip-build "$@"
