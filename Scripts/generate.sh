#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes all generated sources under the directory given (default: this checkout).
# Usage: Scripts/generate.sh [OUTPUT_ROOT]
# PROTOC_GEN_TRAKSENSE: the built plugin; default: built by `swift build`.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-.}

# The groups of .proto files that are generated together, a line each:
# root of the .proto files | C target | folder of the Swift target | options of the plugin | files
groups=(
  "proto | Sources/CTrakSenseProto | Sources/TrakSenseAPI | schema=trakSenseAPI
    | google/rpc/error_details.proto google/rpc/status.proto grpc/health/v1/health.proto
      grpc/reflection/v1/reflection.proto grpc/reflection/v1alpha/reflection.proto
      traksense/v1/account.proto traksense/v1/asset.proto traksense/v1/auth.proto traksense/v1/device.proto
      traksense/v1/sensor.proto traksense/v1/site.proto traksense/v1/team.proto traksense/v1/telemetry.proto
      traksense/v1/telemetry_query.proto
      traksense/v1/tenant.proto"
  "Tests/SampleMessages/proto | Tests/CSampleProto | Tests/SampleMessages
    | c_module=CSampleProto,api_module=TrakSenseAPI,schema=sample
    | sample/v1/kinds.proto sample/v1/other.proto sample/v2/shapes.proto"
  "Benchmarks/proto | Benchmarks/CBenchProto | Benchmarks/BenchMessages
    | c_module=CBenchProto,api_module=TrakSenseAPI,schema=bench | bench.proto"
  "Tests/Interop/proto | Tests/Interop/CInteropProto | Tests/Interop/InteropMessages
    | c_module=CInteropProto,api_module=TrakSenseAPI,schema=interop
    | grpc/testing/messages.proto grpc/testing/test.proto"
)
# Written by hand in Swift, but by protoc-c in C; every group may import them.
well_known=(google/protobuf/any.proto google/protobuf/duration.proto google/protobuf/empty.proto
  google/protobuf/field_mask.proto google/protobuf/timestamp.proto google/protobuf/wrappers.proto)

includes=$(pkg-config --variable=includedir protobuf 2>/dev/null || true)
includes=${includes:-/usr/include}
views=$(mktemp -d)
trap 'rm -rf "$views"' EXIT

# c_view ROOT VIEW PROTO...: what C sees of the files.
# - `string` is `bytes`. The wire format is the same, but protobuf-c holds a string as a NUL-terminated
#   char *, which would cut "a\0b" to "a"; bytes carry their length both ways.
# - Services, options of fields and messages, and the files that declare options, are for the plugin alone.
# - A `google.protobuf.Struct` is repeated bytes: the same wire format, told apart from an absent one. Structs can
#   contain themselves, and protobuf-c nests without limit.
# - `map<K, V> name` is what it is on the wire, a repeated message of pairs, so that its strings are bytes too.
c_view() {
  local root=$1 view=$2 proto
  shift 2
  for proto in "$@"; do
    mkdir -p "$view/$(dirname "$proto")"
    perl -0777 -pe '
      s{\bmap\s*<\s*([\w.]+)\s*,\s*([\w.]+)\s*>\s*(\w+)\s*=}{
        my ($key, $value, $name) = ($1, $2, $3);
        my $entry = join("", map { ucfirst } split(/_/, $name)) . "Entry";
        "message $entry { $key key = 1; $value value = 2; } repeated $entry $name ="
      }ge;
      s{^import "(google/api/|google/protobuf/struct|traksense/v1/options)[^"]*";\n}{}gm;
      s{(?<![\w.])(?:repeated\s+)?\.?google\.protobuf\.Struct(\s+\w+\s*=)}{repeated bytes$1}g;
      s{^service \w+ \{.*?^\}\n}{}gms;
      s{^ +option \(fields_like\) = "\w+";\n}{}gm;
      s{\s*\[\((?:[^\]"\x27]|"(?:\\.|[^"\\])*"|\x27(?:\\.|[^\x27\\])*\x27)*\](?=;)}{}g;
      s{(?<![\w.])string(\s+\w+\s*=)}{bytes$1}g' "$root/$proto" >"$view/$proto"
  done
}

# c_sources TARGET PROTO_PATH PROTO...: headers go to include/, sources beside it.
c_sources() {
  local target=$out/$1 path=$2 proto stem
  shift 2
  mkdir -p "$target/include"
  # Without services, some imports serve nothing.
  protoc-c -I "$path" --c_out="$target/include" "$@" 2> >(grep -v 'warning: Import .* is unused' >&2 || true)
  for proto in "$@"; do
    stem=${proto%.proto}
    mkdir -p "$target/$(dirname "$proto")"
    mv "$target/include/$stem.pb-c.c" "$target/$stem.pb-c.c"
  done
}

c_view "$includes" "$views/common" "${well_known[@]}"
c_sources Sources/CTrakSenseProto "$views/common" "${well_known[@]}"
c_sources Sources/CProtocPlugin proto protoc/plugin.proto

if [[ -z ${PROTOC_GEN_TRAKSENSE:-} ]]; then
  swift build --product protoc-gen-traksense >&2
  PROTOC_GEN_TRAKSENSE=$(swift build --show-bin-path)/protoc-gen-traksense
fi
for group in "${groups[@]}"; do
  IFS='|' read -r -d '' root c_target swift_target options files <<<"$group" || true
  read -r root <<<"$root"
  read -r c_target <<<"$c_target"
  read -r swift_target <<<"$swift_target"
  read -r options <<<"$options"
  read -r -d '' -a protos <<<"$files" || true
  view=$views/$c_target
  c_view "$root" "$view" "${protos[@]}"
  cp -r "$views/common/." "$view"
  c_sources "$c_target" "$view" "${protos[@]}"
  mkdir -p "$out/$swift_target/Generated"
  protoc -I "$root" -I "$includes" --plugin=protoc-gen-traksense="$PROTOC_GEN_TRAKSENSE" \
    --traksense_opt="$options" --traksense_out="$out/$swift_target/Generated" "${protos[@]}"
done
