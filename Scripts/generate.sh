#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes all generated sources under the directory given (default: this checkout).
# Usage: Scripts/generate.sh [OUTPUT_ROOT]
# PROTOC_GEN_TRAKSENSE: the built plugin; default: built by `swift build`.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-.}
public_protos=(traksense/v1/telemetry.proto)
includes=$(pkg-config --variable=includedir protobuf 2>/dev/null || true)
includes=${includes:-/usr/include}

# What C sees: `string` as `bytes`. The wire format is the same, but protobuf-c holds a string as a
# NUL-terminated char *, which would cut "a\0b" to "a"; bytes carry their length both ways.
view=$(mktemp -d)
trap 'rm -rf "$view"' EXIT
for proto in "${public_protos[@]}"; do
  mkdir -p "$view/$(dirname "$proto")"
  sed -E 's/(^|[^[:alnum:]_.])string([[:space:]]+[[:alnum:]_]+[[:space:]]*=)/\1bytes\2/g' \
    "proto/$proto" >"$view/$proto"
done
mkdir -p "$view/google/protobuf"
cp "$includes/google/protobuf/timestamp.proto" "$view/google/protobuf/"

# c_sources TARGET PROTO_PATH PROTO...: headers go to include/, sources beside it.
c_sources() {
  local target=$out/Sources/$1 path=$2 proto stem
  shift 2
  mkdir -p "$target/include"
  protoc-c -I "$path" --c_out="$target/include" "$@"
  for proto in "$@"; do
    stem=${proto%.proto}
    mkdir -p "$target/$(dirname "$proto")"
    mv "$target/include/$stem.pb-c.c" "$target/$stem.pb-c.c"
  done
}
c_sources CTrakSenseProto "$view" google/protobuf/timestamp.proto "${public_protos[@]}"
c_sources CProtocPlugin proto protoc/plugin.proto

if [[ -z ${PROTOC_GEN_TRAKSENSE:-} ]]; then
  swift build --product protoc-gen-traksense >&2
  PROTOC_GEN_TRAKSENSE=$(swift build --show-bin-path)/protoc-gen-traksense
fi
mkdir -p "$out/Sources/TrakSenseAPI/Generated"
protoc -I proto -I "$includes" --plugin=protoc-gen-traksense="$PROTOC_GEN_TRAKSENSE" \
  --traksense_out="$out/Sources/TrakSenseAPI/Generated" "${public_protos[@]}"
