# SPDX-License-Identifier: Apache-2.0
# For the scripts beside it (source it): starts the servers that are compared, and reads what they cost.
# $work: the folder for what is built and logged.

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# CPU time of a process so far, in hundredths of a second.
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
resident() { sed -nE 's/^VmRSS:[[:space:]]*([0-9]+) kB/\1/p' "/proc/$1/status"; }

declare -A pids=() ports=()
start() { # NAME COMMAND...: PORT in the command becomes a free port
  local name=$1 p
  shift
  p=$(port)
  "${@/PORT/$p}" >"$work/$name.log" 2>&1 &
  pids[$name]=$!
  ports[$name]=$p
  until (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null; do
    kill -0 "${pids[$name]}" || { cat "$work/$name.log" >&2; exit 1; }
    sleep 0.05
  done
}
stop() { # NAME
  kill "${pids[$1]}"
  wait "${pids[$1]}" || true
  unset "pids[$1]"
}
trap 'kill "${pids[@]}" 2>/dev/null || true' EXIT

# peer NAME SOURCE PROTO_ROOT PROTO...: builds a C++ peer into $work/NAME when it is older than its sources.
peer() {
  local name=$1 source=$2 root=$3 proto newest
  shift 3
  newest=$source
  for proto in "$@"; do [[ $root/$proto -nt $newest ]] && newest=$root/$proto; done
  [[ ! -x $work/$name || $newest -nt $work/$name ]] || return 0
  local out=$work/peer-$name
  mkdir -p "$out"
  protoc -I "$root" --cpp_out="$out" --grpc_out="$out" \
    --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" "$@"
  # shellcheck disable=SC2046
  g++ -O2 -I "$out" -o "$work/$name" "$source" $(printf "$out/%s " $(
    for proto in "$@"; do echo "${proto%.proto}.pb.cc" "${proto%.proto}.grpc.pb.cc"; done)) \
    $(pkg-config --cflags --libs grpc++ protobuf)
}

data_bytes() { sed -nE 's/^traffic: .*\(([0-9]+)\) data$/\1/p' "$work/h2load.$1"; }
check() { # NAME REQUESTS BYTES: all of them 2xx, with all their bytes of DATA
  if ! grep -q "^status codes: $2 2xx" "$work/h2load.$1" || (($(data_bytes "$1") != $2 * $3)); then
    echo "$1 did not answer all requests" >&2
    cat "$work/h2load.$1" >&2
    exit 1
  fi
}
