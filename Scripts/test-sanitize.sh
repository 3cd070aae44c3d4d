#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs tests under the address sanitizer, then under the thread sanitizer. Each build has a folder of its own; that
# for addresses is the fuzzer's, which builds the same dependencies. Usage: Scripts/test-sanitize.sh [TARGET...]
set -euo pipefail
cd "$(dirname "$0")/.."
targets=("$@")
((${#targets[@]})) || targets=(RPCRuntimeTests FuzzTests JSONTextTests DedicatedThreadTests)
failed=()
declare -A folders=([address]=.build/fuzz [thread]=.build/sanitize-thread)
for sanitizer in address thread; do
  options=(--scratch-path "${folders[$sanitizer]}" --sanitize "$sanitizer")
  echo "== building for $sanitizer"
  swift build "${options[@]}" --build-tests 2>&1 | grep -v 'Cannot export local symbol' | tail -1
  # Swift's runtime holds on to memory in ways that the leak sanitizer takes for lost: memory is measured instead.
  export ASAN_OPTIONS=detect_leaks=0 TRAKSENSE_SANITIZER=$sanitizer
  export TSAN_OPTIONS=suppressions=$PWD/Tests/Sanitizers/thread.suppressions:halt_on_error=0:exitcode=66
  for target in "${targets[@]}"; do
    echo "== $target, $sanitizer"
    swift test "${options[@]}" --skip-build --filter "^$target\\." || failed+=("$target ($sanitizer)")
  done
done
if ((${#failed[@]})); then
  printf 'failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
