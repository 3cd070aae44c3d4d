#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs h2spec (github.com/summerwind/h2spec), in strict mode, against this server and, where it is installed,
# against nghttpd beside it. Fails when a case that nghttpd passes does not pass here.
# Usage: H2SPEC=/path/to/h2spec Scripts/h2spec.sh
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ ! -x ${H2SPEC:-} ]]; then
  echo "h2spec did not run: set H2SPEC to the program (it is not packaged for Debian)" >&2
  exit 2
fi

folder=$(mktemp -d)
pids=()
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap stop EXIT

# Waits until a line of the log matches, and prints what the pattern's group caught.
await() {
  local found
  for _ in {1..100}; do
    found=$(sed -nE "s/.*$2.*/\1/p" "$1" | head -1)
    if [[ $found ]]; then
      echo "$found"
      return
    fi
    sleep 0.1
  done
  echo "no server after 10 s:" >&2
  cat "$1" >&2
  return 1
}

# Writes one line a case: its name, and "passed" or how it did not.
check() {
  "$H2SPEC" --strict --host 127.0.0.1 --port "$2" --junit-report "$folder/$1.xml" >"$folder/$1.txt" || true
  awk -v RS='</testcase>' 'match($0, /<testcase package="[^"]*" classname="[^"]*"/) {
    name = substr($0, RSTART, RLENGTH)
    gsub(/<testcase package="|classname=|"/, "", name)
    print name "\t" (/<(failure|error)>/ ? "failed" : /<skipped>/ ? "skipped" : "passed")
  }' "$folder/$1.xml" | sort >"$folder/$1.cases"
  printf '%-10s %s\n' "$1" "$(tail -1 "$folder/$1.txt")"
}

swift build --product BenchServer 2>&1 | tail -1
programs=$(swift build --show-bin-path)
"$programs/BenchServer" 0 >"$folder/server.log" 2>&1 &
pids+=($!)
check traksense "$(await "$folder/server.log" 'address=127.0.0.1:([0-9]+)')"

nghttpd=$(command -v nghttpd || true)
if [[ $nghttpd ]]; then
  head -c 200 /dev/zero | tr '\0' x >"$folder/index.html"
  port=$((20000 + RANDOM % 20000))
  "$nghttpd" --no-tls -v -d "$folder" "$port" >"$folder/nghttpd.log" 2>&1 &
  pids+=($!)
  await "$folder/nghttpd.log" '(listen)' >/dev/null
  check nghttpd "$port"
else
  echo "nghttpd is not installed: every case must pass"
  sed 's/[^\t]*$/passed/' "$folder/traksense.cases" >"$folder/nghttpd.cases"
fi

[[ -s $folder/traksense.cases ]] || {
  echo "h2spec wrote no report" >&2
  exit 1
}
failed=$(comm -13 "$folder/traksense.cases" <(grep 'passed$' "$folder/nghttpd.cases"))
if [[ $failed ]]; then
  echo "not passed here:"
  echo "${failed//$'\t'passed/}"
  exit 1
fi
