#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Unary calls: this server beside grpc C++ under the same h2load line, in turns, and nghttpd serving a file of
# as many bytes as our answer has. Prints requests per second and per CPU-second of the server (medians), and
# ratios. Every response's status and bytes are checked: h2load counts a gRPC error as a success.
# Usage: Benchmarks/unary.sh [--results FILE]
set -euo pipefail
cd "$(dirname "$0")/.."
work=.build/bench
results=/dev/null
while (($#)); do
  case $1 in
    --results) results=$2; shift ;;
    *) sed -n '6s/^# //p' "$0" >&2; exit 2 ;;
  esac
  shift
done
mkdir -p "$work/files"
. Benchmarks/servers.sh
ours=$(swift build -c release --show-bin-path)/BenchServer

peer grpc_latest Benchmarks/Peers/grpc_latest.cc proto traksense/v1/options.proto traksense/v1/telemetry.proto

# LatestRequest{device_id: "ESP32-01", sensor_id: ["temp_000", …]} behind its gRPC prefix; one reading comes
# back for each sensor.
for readings in 1 5; do
  {
    # shellcheck disable=SC2059
    printf '\0\0\0\0'"\\$(printf %o $((10 * (readings + 1))))"'\012\010ESP32-01'
    for ((i = 0; i < readings; i++)); do printf '\022\010temp_00%d' "$i"; done
  } >"$work/request$readings"
done

declare -A sizes=()
measure=()
load() { # NAME CONNECTIONS STREAMS REQUESTS READINGS
  local url=http://127.0.0.1:${ports[$1]}/traksense.v1.TelemetryService/Latest
  local call=(-d "$work/request$5" -H 'content-type: application/grpc' -H 'te: trailers')
  # All that `serve` puts around a call, on calls that name their tenant.
  if [[ $1 == intercepted ]]; then call+=(-H 'x-tenant: umc'); fi
  if [[ $1 == nghttpd ]]; then
    url=http://127.0.0.1:${ports[$1]}/file$5
    call=()
  fi
  "${measure[@]}" h2load -n "$4" -c "$2" -m "$3" -t 1 "${call[@]}" "$url" >"$work/h2load.$1"
}
run() { # NAME CONNECTIONS STREAMS REQUESTS READINGS -> "req/s req/cpu-s"
  local before after rate
  before=$(ticks "${pids[$1]}")
  load "$@"
  after=$(ticks "${pids[$1]}")
  check "$1" "$4" "${sizes[$1$5]}"
  rate=$(sed -nE 's/.*, ([0-9.]+) req\/s.*/\1/p' "$work/h2load.$1")
  awk -v r="$rate" -v n="$4" -v t=$((after - before)) 'BEGIN { printf "%d %d\n", r, n * 100 / (t ? t : 1) }'
}

servers=(traksense intercepted grpc-cpp nghttpd)
command_of() { # NAME -> words
  case $1 in
    traksense) words=("$ours" PORT 1) ;;
    intercepted) words=("$ours" PORT 1 interceptors) ;;
    grpc-cpp) words=("$work/grpc_latest" PORT) ;;
    nghttpd) words=(nghttpd --no-tls -d "$work/files" -n 1 PORT) ;;
  esac
}
for name in "${servers[@]}"; do
  command_of "$name"
  start "$name" "${words[@]}"
  for readings in 1 5; do
    [[ $name == nghttpd ]] && head -c "${sizes[traksense$readings]}" /dev/zero >"$work/files/file$readings"
    load "$name" 1 1 1 "$readings"
    sizes[$name$readings]=$(data_bytes "$name")
  done
done
for readings in 1 5; do
  echo "bytes an answer of $readings: traksense ${sizes[traksense$readings]}," \
    "grpc-cpp ${sizes[grpc-cpp$readings]}, nghttpd ${sizes[nghttpd$readings]}"
done

if perf stat -e instructions:u true 2>&1 | grep -qE '^ *[0-9,.]+ +instructions'; then
  counter=1
else
  counter=
  echo 'instructions a request: skipped, this machine lets perf count none'
fi

printf '%-26s %-11s %12s %16s %8s\n' 'unary Latest' server req/s req/cpu-second ratio
for shape in '10 100 150000 1' '10 100 150000 5' '64 1 40000 1' '1 1 15000 1'; do
  read -r connections streams requests readings <<<"$shape"
  declare -A rates=() costs=()
  for round in warm 1 2 3 4 5 6 7; do
    for name in "${servers[@]}"; do
      n=$requests
      [[ $name == grpc-cpp ]] && n=$((requests / 4))
      read -r rate cost < <(run "$name" "$connections" "$streams" "$n" "$readings")
      [[ $round == warm ]] && continue
      rates[$name]+="$rate"$'\n'
      costs[$name]+="$cost"$'\n'
    done
    # Another one goes first each time.
    servers=("${servers[@]:1}" "${servers[0]}")
  done
  mine=$(printf '%s' "${costs[traksense]}" | median)
  for name in traksense intercepted grpc-cpp nghttpd; do
    cost=$(printf '%s' "${costs[$name]}" | median)
    rate=$(printf '%s' "${rates[$name]}" | median)
    ratio=$(awk -v a="$mine" -v b="$cost" 'BEGIN { printf "%.2f", a / b }')
    note=
    if [[ $name == grpc-cpp && $connections == 10 ]]; then
      note=$(awk -v r="$ratio" 'BEGIN { print (r >= 5) ? "(target ≥ 5×: met)" : "(target ≥ 5×: MISSED)" }')
    elif [[ $name == nghttpd ]]; then
      note=$(awk -v r="$ratio" 'BEGIN { print (r >= 1) ? "(target ≥ 1×: met)" : "(target ≥ 1×: MISSED)" }')
    fi
    printf '%-26s %-11s %12s %16s %8s %s\n' "$connections × $streams, $readings readings" "$name" \
      "$rate" "$cost" "$ratio×" "$note"
    printf '{"figure":"unary %s connections × %s, %s readings, %s","value":%s,"unit":"requests per CPU-second","ratio":%s}\n' \
      "$connections" "$streams" "$readings" "$name" "$cost" "$ratio" >>"$results"
  done
  if [[ $counter ]]; then
    for name in traksense intercepted grpc-cpp nghttpd; do
      n=$((requests / 4))
      measure=(perf stat -x, -e instructions:u -p "${pids[$name]}" -o "$work/perf.$name")
      load "$name" "$connections" "$streams" "$n" "$readings"
      measure=()
      awk -F, -v n="$n" -v s="$connections connections × $streams" -v name="$name" \
        '/instructions/ { printf "%-26s %-11s %d user-space instructions a request\n", s, name, $1 / n }' \
        "$work/perf.$name"
    done
  fi
done
grep -H VmRSS "/proc/${pids[traksense]}/status" "/proc/${pids[grpc-cpp]}/status" |
  awk '{ print (NR == 1 ? "traksense" : "grpc-cpp ") " RSS after the load: " $2 " kB" }'
