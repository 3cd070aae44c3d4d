#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fails, naming the file, when a committed generated source differs from a fresh run of generate.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
Scripts/generate.sh "$fresh"
status=0
while IFS= read -r file; do
  if ! diff -u "$file" "$fresh/$file"; then
    echo "$file is not what Scripts/generate.sh writes: run 'make generate' and commit" >&2
    status=1
  fi
done < <(cd "$fresh" && find . -type f -printf '%P\n' | sort)
# What is committed but no longer written.
while IFS= read -r file; do
  if [[ ! -e $fresh/$file ]]; then
    echo "$file is not written by Scripts/generate.sh any more: delete it" >&2
    status=1
  fi
done < <(find Sources Tests \( -name '*.pb-c.[ch]' -o -path '*/Generated/*' \) -type f | sort)
exit $status
