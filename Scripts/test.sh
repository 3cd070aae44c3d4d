#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests that are already built, one test target after the other: each gets the machine to itself,
# as tests with time limits want. What failed is told once more at the end, where readers of a long log look.
# Usage: Scripts/test.sh [TARGET...]
set -euo pipefail
cd "$(dirname "$0")/.."
targets=("$@")
if ((${#targets[@]} == 0)); then
  for folder in Tests/*Tests; do targets+=("$(basename "$folder")"); done
fi
log=$(mktemp)
failures=$(mktemp)
trap 'rm -f "$log" "$failures"' EXIT
failed=()
for target in "${targets[@]}"; do
  echo "== $target"
  if ! swift test --skip-build --filter "^$target\\." 2>&1 | tee "$log"; then
    failed+=("$target")
    echo "== $target" >>"$failures"
    # Swift Testing marks issues, and tests that had some, with ✘; a crash is told by the runner's "error:".
    grep -aE '^(✘|error: )' -A 3 "$log" | grep -aE '^(✘|↳|error: |    )' | cut -c 1-600 | tail -n 60 >>"$failures" || true
  fi
done
if ((${#failed[@]})); then
  cat "$failures" >&2
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
