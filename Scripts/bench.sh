#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds for release and measures everything beside peers; Benchmarks/README.md explains the figures.
# Usage: Scripts/bench.sh [unary] [calls] [memory] [fanout] [latency] [ingest] [tenants] [queries] [rest] [large] [jobs]
set -euo pipefail
cd "$(dirname "$0")/.."
for product in traksense BenchServer BenchServe; do
  swift build -c release --product "$product" 2>&1 | tail -1
done
programs=$(swift build -c release --show-bin-path)
mkdir -p .build/bench/results
results=$PWD/.build/bench/results/$(date -u +%Y-%m-%dT%H%M%S)-$(git rev-parse --short HEAD 2>/dev/null || echo none).jsonl

cores=$(nproc)
read -r load _ </proc/loadavg
echo "$cores cores, load average $load before the first figure; $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
printf '{"figure":"machine","cores":%s,"load":%s,"date":"%s"}\n' "$cores" "$load" "$(date -u +%FT%TZ)" >"$results"

parts=("$@")
((${#parts[@]})) || parts=(unary calls memory fanout latency ingest tenants queries rest large jobs)
rest=()
for part in "${parts[@]}"; do
  case $part in
    unary | calls) "Benchmarks/$part.sh" --results "$results" ;;
    *) rest+=("$part") ;;
  esac
done
if ((${#rest[@]})); then "$programs/BenchServe" --results "$results" "${rest[@]}"; fi
echo
echo "as JSON lines: ${results#"$PWD"/}"
