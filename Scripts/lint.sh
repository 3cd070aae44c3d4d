#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the format of hand-written Swift, or mends it with --fix.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.swift' | grep -v '/Generated/')
if [[ ${1:-} == --fix ]]; then
  swift format format --in-place --parallel "${files[@]}"
else
  swift format lint --strict --parallel "${files[@]}"
  long=$(wc -l "${files[@]}" | awk '$2 != "total" && $1 > 600')
  if [[ $long ]]; then
    echo "over 600 lines, split along a noun:" >&2
    echo "$long" >&2
    exit 1
  fi
fi
if git grep -nE '^(<{7}|>{7}) ' -- . ':!Scripts/lint.sh'; then
  echo "merge conflict markers" >&2
  exit 1
fi
