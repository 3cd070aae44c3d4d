#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests that are already built; arguments go to `swift test`. Without any: all of them, one target
# after the other, because a test that measures time would measure the load of hundreds of others.
set -euo pipefail
cd "$(dirname "$0")/.."

test=(swift test --skip-build --disable-xctest)
(($# == 0)) || exec "${test[@]}" "$@"

failed=()
for folder in Tests/*/; do
  target=$(basename "$folder")
  echo "── $target"
  "${test[@]}" --filter "^$target\." || failed+=("$target")
done
((${#failed[@]} == 0)) || { echo "failed: ${failed[*]}" >&2 && exit 1; }
