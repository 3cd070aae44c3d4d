#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the documentation of the library's modules from a debug build, and type-checks the Swift of all pages. A warning,
# a link that leads nowhere for one, fails.
# Usage: Scripts/docs.sh [OUTPUT [BUILD_FOLDER]]; default: .build/docs, of a build that is made for it.
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-.build/docs}
built=${2:-}
if [[ ! $built ]]; then
  swift build --target TrakSenseAPI
  built=$(swift build --show-bin-path)
fi
docc=$(dirname "$(readlink -f "$(command -v swiftc)")")/docc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What the C compiler was told when a module was built, from SwiftPM's manifest of the build.
c_options() {
  sed -n "/^  \"C\.$1-.*\.module\":/,/^\$/p" "$(dirname "$(dirname "$(readlink -f "$built")")")/debug.yaml" |
    grep -oE '"-Xcc","[^"]*"' | tr -d '"' | tr ',' '\n'
}
mapfile -t options < <(c_options TrakSenseAPI)
if ((${#options[@]} == 0)); then
  echo "there is no debug build of TrakSenseAPI in $built" >&2
  exit 1
fi

# The code blocks in Swift, a function each, in which what articles speak of is there: `channel`, `telemetry`, ….
snippets=$work/snippets
mkdir "$snippets"
awk -v folder="$snippets" '
  /^```swift$/ {
    file = sprintf("%s/Snippet%03d.swift", folder, ++count)
    print "import TrakSenseAPI" > file
    print "func snippet" count "(key: String, client: RPCClient, channel: any RPCChannel, configuration given:" \
      " ClientConfiguration, telemetry: TraksenseV1.TelemetryServiceClient, devices:" \
      " TraksenseV1.DeviceServiceClient, device: TraksenseV1.Device) async throws {" > file
    print "var configuration = given" > file
    print "do {" > file
    print "#sourceLocation(file: \"" FILENAME "\", line: " FNR + 1 ")" > file
    next
  }
  /^```$/ && file { print "#sourceLocation()\n}\n}" > file; close(file); file = ""; next }
  file { sub(/^import TrakSenseAPI$/, ""); print > file }
' README.md ARCHITECTURE.md Sources/*/*.docc/*.md
swiftc -typecheck -swift-version 6 -suppress-warnings -enable-upcoming-feature MemberImportVisibility \
  -enable-upcoming-feature NonisolatedNonsendingByDefault -I "$built/Modules" "${options[@]}" "$snippets"/*.swift
echo "type-checked $(find "$snippets" -name '*.swift' | wc -l) code blocks"

# Symbol graphs come from the modules as they were built.
target=$(swiftc -print-target-info | sed -nE 's/^ *"triple": "(.*)",/\1/p' | head -1)
graphs() {
  mkdir "$work/$1"
  mapfile -t options < <(c_options "$1")
  swift symbolgraph-extract -module-name "$1" -target "$target" -I "$built/Modules" "${options[@]}" \
    -output-dir "$work/$1" -minimum-access-level public -skip-synthesized-members
}
graphs RPCRuntime &
extracting=$!
graphs TrakSenseAPI
wait "$extracting"

convert() {
  "$docc" convert "Sources/$1/$1.docc" --additional-symbol-graph-dir "$work/$1" --output-path "$work/$1.doccarchive" \
    --fallback-display-name "$1" --fallback-bundle-identifier "$1" --fallback-default-module-kind Library \
    --enable-experimental-external-link-support --warnings-as-errors "${@:2}"
}
convert RPCRuntime
convert TrakSenseAPI --dependency "$work/RPCRuntime.doccarchive"
rm -rf "$output"
"$docc" merge "$work/TrakSenseAPI.doccarchive" "$work/RPCRuntime.doccarchive" --output-path "$output" \
  --synthesized-landing-page-name TrakSense --synthesized-landing-page-topics-style list
for module in TrakSenseAPI RPCRuntime; do cp "$work/$module/$module.symbols.json" "$output"; done
echo "wrote $output: python3 -m http.server --directory $output, then http://localhost:8000/documentation/traksenseapi/"
