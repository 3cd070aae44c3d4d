#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages of the named groups that are missing. Usage: Scripts/setup.sh GROUP...
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A groups=(
  [run]="pkg-config libnghttp2-dev zlib1g-dev libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libprotobuf-dev
    libpq-dev libmosquitto-dev libssl-dev libcurl4-openssl-dev libgd-dev postgresql mosquitto libjs-dygraphs"
  [test]="mosquitto-clients curl openssl chromium nghttp2-client python3-venv"
  [bench]="libgrpc++-dev protobuf-compiler-grpc nghttp2-server nghttp2-client g++"
)

missing=()
for group in "$@"; do
  for package in ${groups[$group]}; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      missing+=("$package")
  done
done

if ((${#missing[@]})); then
  echo "installing: ${missing[*]}"
  as_root=()
  if ((EUID != 0)); then as_root=(sudo); fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# Programs of other people come from PyPI, each list into a folder of this checkout; again when the list changes.
foreign() {
  local list=$1 folder=$2
  if ! cmp -s "$list" "$folder/ready"; then
    python3 -m venv --clear "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$list"
    cp "$list" "$folder/ready"
  fi
}

# Clients of the tests, and the benchmarks' peers that are no programs of Debian's.
if [[ " $* " == *" test "* ]]; then foreign Tests/requirements.txt .venv; fi
if [[ " $* " == *" bench "* ]]; then foreign Benchmarks/requirements.txt .build/bench/peers; fi
