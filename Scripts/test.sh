#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests that are already built, one test target after the other: each gets the machine to itself,
# as tests with time limits want. Usage: Scripts/test.sh [TARGET...]
set -euo pipefail
cd "$(dirname "$0")/.."
targets=("$@")
if ((${#targets[@]} == 0)); then
  for folder in Tests/*Tests; do targets+=("$(basename "$folder")"); done
fi
failed=()
for target in "${targets[@]}"; do
  echo "== $target"
  swift test --skip-build --filter "^$target\\." || failed+=("$target")
done
if ((${#failed[@]})); then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
