#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs libFuzzer, with the address sanitizer, on the parsers of what comes from outside. What it finds is kept in
# Tests/FuzzRegressions, where a test replays it; the corpus grows in .build/fuzz/corpus.
# Usage: Scripts/fuzz.sh [SECONDS [TARGET...]]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
archives=("$toolchain"/lib/clang/*/lib/linux/libclang_rt.fuzzer_no_main-"$(uname -m)".a)
export TRAKSENSE_FUZZER_LIBRARY=${archives[0]}
options=(--scratch-path .build/fuzz --sanitize address --product Fuzzer)
swift build "${options[@]}" 2>&1 | grep -vE 'Cannot export local symbol' | tail -3
program=$(swift build "${options[@]}" --show-bin-path)/Fuzzer

targets=("${@:2}")
if ((${#targets[@]} == 0)); then mapfile -t targets < <("$program" list); fi
failed=()
for target in "${targets[@]}"; do
  corpus=.build/fuzz/corpus/$target
  finds=Tests/FuzzRegressions/$target
  mkdir -p "$corpus" "$finds"
  "$program" seeds "$target" "$corpus"
  log=.build/fuzz/$target.log
  # Swift's runtime keeps what the leak sanitizer takes for lost; memory is watched as a whole instead.
  if ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16 SWIFT_BACKTRACE=enable=no \
    "$program" "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=2048 \
    -detect_leaks=0 -artifact_prefix="$finds/" "$corpus" "$finds" >"$log" 2>&1; then
    printf '%-14s %s\n' "$target" "$(tail -1 "$log"), $(grep -E '^#[0-9]' "$log" | tail -1 | sed -E 's/.*(cov: [0-9]+).*/\1/')"
  else
    failed+=("$target")
    echo "$target: found something"
    tail -30 "$log"
  fi
  rmdir "$finds" 2>/dev/null || true
done
if ((${#failed[@]})); then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
