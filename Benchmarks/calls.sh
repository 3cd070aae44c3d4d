#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Unary, server-streaming and bidirectional calls, on 1 and on 100 streams of one connection, with messages of 32
# bytes and of 10 KB: this server beside grpc C++ and grpc-swift-2 under the same h2load line, in turns. Prints
# messages per CPU-second of the server (medians), allocations a message, and resident memory afterwards. All bytes
# of all answers are counted: h2load takes a gRPC error for a success.
# Usage: Benchmarks/calls.sh [--results FILE] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
work=.build/bench
results=/dev/null
rounds=5
while (($#)); do
  case $1 in
    --results) results=$2; shift ;;
    --rounds) rounds=$2; shift ;;
    *) sed -n '7s/^# //p' "$0" >&2; exit 2 ;;
  esac
  shift
done
mkdir -p "$work"
. Benchmarks/servers.sh

ours=$(swift build -c release --show-bin-path)/BenchServer
peer grpc_calls Benchmarks/Peers/grpc_calls.cc Benchmarks/proto bench.proto
swift_build=(swift build -c release --package-path Benchmarks/Peers/grpc-swift --scratch-path "$work/grpc-swift")
"${swift_build[@]}" 2>&1 | tail -1
grpc_swift=$("${swift_build[@]}" --show-bin-path)/GRPCSwiftPeer
gcc -O2 -shared -fPIC -o "$work/malloc_count.so" Benchmarks/Peers/malloc_count.c

# Request bodies: Payload{body: size bytes} behind its prefix, n times; DownloadRequest{messages, bytes}.
python3 - "$work" <<'PYTHON'
import struct, sys

def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])

def frame(message):
    return b"\0" + struct.pack(">I", len(message)) + message

for size, count in ((32, 1000), (10240, 100)):
    payload = frame(b"\x0a" + varint(size) + bytes(size))
    bodies = {
        "Unary": payload,
        "Echo": payload * count,
        "Download": frame(b"\x08" + varint(count) + b"\x10" + varint(size)),
    }
    for method, body in bodies.items():
        open(f"{sys.argv[1]}/{method}{size}", "wb").write(body)
PYTHON
framed() { stat -c %s "$work/Unary$1"; }

servers=(traksense grpc-cpp grpc-swift)
for name in "${servers[@]}"; do
  head -c 8 /dev/zero >"$work/allocations.$name"
  case $name in
    traksense) words=("$ours" PORT 1 calls) ;;
    grpc-cpp) words=("$work/grpc_calls" PORT) ;;
    grpc-swift) words=("$grpc_swift" PORT) ;;
  esac
  start "$name" "${words[@]}"
  start "$name-counted" env MALLOC_COUNT="$PWD/$work/allocations.$name" \
    LD_PRELOAD="$PWD/$work/malloc_count.so" "${words[@]}"
done
allocations() { od -An -t u8 "$work/allocations.$1" | tr -d ' '; }

load() { # NAME METHOD STREAMS SIZE CALLS
  h2load -n "$5" -c 1 -m "$3" -t 1 -w 20 -W 24 -d "$work/$2$4" -H 'content-type: application/grpc' \
    -H 'te: trailers' "http://127.0.0.1:${ports[$1]}/traksense.bench.v1.BenchService/$2" >"$work/h2load.$1"
}
# A run of CALLS; its CPU time, in hundredths of a second, goes to $used.
run() { # NAME METHOD STREAMS SIZE CALLS MESSAGES
  local before
  before=$(ticks "${pids[$1]}")
  load "$1" "$2" "$3" "$4" "$5"
  used=$(($(ticks "${pids[$1]}") - before))
  check "$1" "$5" $(($6 * $(framed "$4")))
}
# Allocations a message, from two runs of different length: what a connection costs drops out.
counted() { # NAME METHOD STREAMS SIZE CALLS MESSAGES
  local a b c
  load "$1-counted" "$2" "$3" "$4" "$3"
  a=$(allocations "$1")
  load "$1-counted" "$2" "$3" "$4" "$5"
  b=$(allocations "$1")
  load "$1-counted" "$2" "$3" "$4" $(($5 * 2))
  c=$(allocations "$1")
  awk -v n=$(($5 * $6)) -v d=$((c - b - (b - a))) 'BEGIN { printf "%.1f\n", d / n }'
}

printf '%-34s %-11s %20s %8s %18s\n' '' server messages/CPU-second ratio 'allocations/message'
for shape in 'Unary 1 32 1' 'Unary 100 32 1' 'Unary 1 10240 1' 'Unary 100 10240 1' \
  'Download 1 32 1000' 'Download 100 32 1000' 'Download 1 10240 100' 'Download 100 10240 100' \
  'Echo 1 32 1000' 'Echo 100 32 1000' 'Echo 1 10240 100' 'Echo 100 10240 100'; do
  read -r method streams size messages <<<"$shape"
  case $method in Unary) kind=unary ;; Download) kind=server-streaming ;; Echo) kind=bidirectional ;; esac
  declare -A costs=() calls=()
  for name in "${servers[@]}"; do
    # Warms up, and finds how many calls keep it busy for half a second: what a tick tells is coarse.
    calls[$name]=$streams
    run "$name" "$method" "$streams" "$size" "${calls[$name]}" "$messages"
    while ((used < 50)); do
      calls[$name]=$((calls[$name] * (used < 10 ? 4 : 2)))
      run "$name" "$method" "$streams" "$size" "${calls[$name]}" "$messages"
    done
  done
  for ((round = 0; round < rounds; round++)); do
    for name in "${servers[@]}"; do
      run "$name" "$method" "$streams" "$size" "${calls[$name]}" "$messages"
      costs[$name]+="$((calls[$name] * messages * 100 / used))"$'\n'
    done
    servers=("${servers[@]:1}" "${servers[0]}")
  done
  mine=$(printf '%s' "${costs[traksense]}" | median)
  for name in traksense grpc-cpp grpc-swift; do
    cost=$(printf '%s' "${costs[$name]}" | median)
    ratio=$(awk -v a="$mine" -v b="$cost" 'BEGIN { printf "%.2f", a / b }')
    allocations=$(counted "$name" "$method" "$streams" "$size" $((streams > 10 ? streams : 10)) "$messages")
    note=
    [[ $name == traksense ]] ||
      note=$(awk -v r="$ratio" 'BEGIN { print (r > 1) ? "(ahead)" : "(BEHIND)" }')
    printf '%-34s %-11s %20s %8s %18s %s\n' "$kind, $streams × $size bytes" "$name" "$cost" "$ratio×" \
      "$allocations" "$note"
    printf '{"figure":"%s, %s streams, %s bytes, %s","value":%s,"unit":"messages per CPU-second","ratio":%s,"allocations":%s}\n' \
      "$kind" "$streams" "$size" "$name" "$cost" "$ratio" "$allocations" >>"$results"
  done
done
for name in traksense grpc-cpp grpc-swift; do
  echo "$name: RSS after all of it $(resident "${pids[$name]}") kB"
  printf '{"figure":"RSS after calls, %s","value":%s,"unit":"kB"}\n' "$name" "$(resident "${pids[$name]}")" >>"$results"
done
addresses=()
for name in traksense grpc-cpp grpc-swift; do addresses+=("$name=${ports[$name]}"); done
"$(dirname "$ours")/BenchServe" --results "$results" slow "${addresses[@]}"
