#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Unary calls: this server beside grpc C++ under the same h2load line, in turns, and nghttpd serving a file.
# Prints requests per second and per CPU-second of the server (median of 5), and ratios.
set -euo pipefail
cd "$(dirname "$0")/.."
work=.build/bench
mkdir -p "$work/peer" "$work/files"
ours=$(swift build -c release --show-bin-path)/BenchServer

if [[ ! -x $work/grpc_latest || Benchmarks/Peers/grpc_latest.cc -nt $work/grpc_latest ]]; then
  protoc -I proto --cpp_out="$work/peer" --grpc_out="$work/peer" \
    --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" traksense/v1/telemetry.proto
  # shellcheck disable=SC2046
  g++ -O2 -I "$work/peer" -o "$work/grpc_latest" Benchmarks/Peers/grpc_latest.cc \
    "$work"/peer/traksense/v1/*.cc $(pkg-config --cflags --libs grpc++ protobuf)
fi

# LatestRequest{device_id: "ESP32-01"} behind its gRPC prefix.
printf '\0\0\0\0\012\012\010ESP32-01' >"$work/request"
head -c 300 /dev/zero >"$work/files/file"

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

declare -A pids ports
start() { # NAME COMMAND...: PORT in the command becomes a free port
  local name=$1 p
  shift
  p=$(port)
  "${@/PORT/$p}" >"$work/$name.log" 2>&1 &
  pids[$name]=$!
  ports[$name]=$p
  until (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null; do sleep 0.05; done
}
trap 'kill "${pids[@]}" 2>/dev/null || true' EXIT
start traksense "$ours" PORT 1
start grpc-cpp "$work/grpc_latest" PORT
start nghttpd nghttpd --no-tls -d "$work/files" -n 1 PORT

run() { # NAME CONNECTIONS STREAMS REQUESTS -> "req/s req/cpu-s"
  local name=$1 before after rate
  local url=http://127.0.0.1:${ports[$name]}/traksense.v1.TelemetryService/Latest
  local call=(-d "$work/request" -H 'content-type: application/grpc' -H 'te: trailers')
  if [[ $name == nghttpd ]]; then
    url=http://127.0.0.1:${ports[$name]}/file
    call=()
  fi
  before=$(ticks "${pids[$name]}")
  h2load -n "$4" -c "$2" -m "$3" -t 1 "${call[@]}" "$url" >"$work/h2load.$name"
  after=$(ticks "${pids[$name]}")
  grep -q " $4 succeeded" "$work/h2load.$name" || { echo "$name failed" >&2; cat "$work/h2load.$name" >&2; exit 1; }
  rate=$(sed -nE 's/.*, ([0-9.]+) req\/s.*/\1/p' "$work/h2load.$name")
  awk -v r="$rate" -v n="$4" -v t=$((after - before)) 'BEGIN { printf "%d %d\n", r, n * 100 / (t ? t : 1) }'
}

printf '%-26s %-10s %12s %16s %8s\n' 'unary Latest, 5 readings' server req/s req/cpu-second ratio
for shape in '10 100 150000' '64 1 40000' '1 1 15000'; do
  read -r connections streams requests <<<"$shape"
  declare -A rates=() costs=()
  for round in warm 1 2 3 4 5; do
    for name in traksense grpc-cpp nghttpd; do
      n=$requests
      [[ $name == grpc-cpp ]] && n=$((requests / 4))
      read -r rate cost < <(run "$name" "$connections" "$streams" "$n")
      [[ $round == warm ]] && continue
      rates[$name]+="$rate"$'\n'
      costs[$name]+="$cost"$'\n'
    done
  done
  mine=$(printf '%s' "${costs[traksense]}" | median)
  for name in traksense grpc-cpp nghttpd; do
    cost=$(printf '%s' "${costs[$name]}" | median)
    printf '%-26s %-10s %12s %16s %8s\n' "$connections connections × $streams" "$name" \
      "$(printf '%s' "${rates[$name]}" | median)" "$cost" \
      "$(awk -v a="$mine" -v b="$cost" 'BEGIN { printf "%.2f×", a / b }')"
  done
done
grep -H VmRSS "/proc/${pids[traksense]}/status" "/proc/${pids[grpc-cpp]}/status" |
  awk '{ print "RSS after the load, kB: " $2 }'
