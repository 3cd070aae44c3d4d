#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs gRPC's interoperability tests: grpcio's client against our server, our client against grpcio's server, and our
# client against our server. Prints a table; fails when a case does. Usage: Scripts/interop.sh [CASE...]
# INTEROP_PEER: our built peer; default: built by `swift build`.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
peer=${INTEROP_PEER:-}
if [[ ! $peer ]]; then
  swift build --product InteropPeer 2>&1 | tail -1
  peer=$(swift build --show-bin-path)/InteropPeer
fi
folder=$(mktemp -d)
trap 'exec 3>&- 4>&-; wait; rm -rf "$folder"' EXIT

# grpcio's messages and stubs from our .proto; what they call themselves is of no matter to the wire.
"$python" -m grpc_tools.protoc -I Tests/Interop/proto --python_out="$folder" --grpc_python_out="$folder" \
  grpc/testing/messages.proto grpc/testing/test.proto
mv "$folder/grpc" "$folder/stubs"
sed -i 's/from grpc\.testing import/from stubs.testing import/' "$folder"/stubs/testing/*.py
cat >"$folder/grpc_testing.py" <<'PYTHON'
from stubs.testing import messages_pb2 as messages
from stubs.testing.test_pb2_grpc import TestServiceServicer as servicer
from stubs.testing.test_pb2_grpc import TestServiceStub as stub
from stubs.testing.test_pb2_grpc import add_TestServiceServicer_to_server as add_servicer
PYTHON

# Servers serve until their standard input ends.
mkfifo "$folder/ours.in" "$folder/grpcio.in"
"$peer" server <"$folder/ours.in" >"$folder/ours.port" &
exec 3>"$folder/ours.in"
"$python" Tests/Interop/Foreign/server.py "$folder" <"$folder/grpcio.in" >"$folder/grpcio.port" &
exec 4>"$folder/grpcio.in"
port() {
  for _ in {1..200}; do
    if [[ -s $folder/$1.port ]]; then
      cat "$folder/$1.port"
      return
    fi
    sleep 0.1
  done
  echo "the $1 server does not start" >&2
  return 1
}
ours=$(port ours)
grpcio=$(port grpcio)

status=0
"$python" Tests/Interop/Foreign/client.py "$folder" "$ours" "$@" >"$folder/1" || status=1
"$peer" client "$grpcio" "$@" >"$folder/2" || status=1
"$peer" client "$ours" "$@" >"$folder/3" || status=1

printf '%-30s %-18s %-18s %s\n' case 'grpcio → ours' 'ours → grpcio' 'ours → ours'
while IFS=$'\t' read -r name _; do
  printf '%-30s' "$name"
  for run in 1 2 3; do
    printf ' %-18s' "$(awk -F'\t' -v name="$name" '$1 == name { print ($2 == "passed" ? "passed" : "FAILED") }' "$folder/$run")"
  done
  echo
done < <(cat "$folder"/[123] | sort -u -t$'\t' -k1,1)
grep -hvE $'\tpassed$' "$folder"/[123] || true
exit "$status"
