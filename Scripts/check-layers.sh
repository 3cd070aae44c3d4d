#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fails on an import that the layers of ARCHITECTURE.md do not allow. One line a target: what it may import
# of this package, and of other packages and the system.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A may=(
  [Domain]="TimeText"
  [TimeText]=""
  [ByteText]=""
  [DedicatedThread]="Glibc Synchronization"
  [JSONText]=""
  [Files]="Glibc"
  [Curl]="DedicatedThread CCurl Synchronization"
  [Mail]="ByteText DedicatedThread Domain Curl Files"
  [Imaging]="DedicatedThread Domain CGD CZlib"
  [ObjectStorage]="ByteText Credentials DedicatedThread Domain Curl Files"
  [RPCRuntime]="ByteText CZlib Glibc NIOCore NIOHTTP1 NIOPosix NIOSSL NIOTLS CNGHTTP2 Logging Metrics Tracing Synchronization"
  [Prometheus]="CoreMetrics Synchronization"
  [AdminServer]="NIOCore Logging Hummingbird HummingbirdCore HTTPTypes ServiceLifecycle"
  [TrakSenseAPI]="ByteText RPCRuntime JSONText TimeText CTrakSenseProto CProtobufC NIOCore Synchronization"
  [Persistence]="DedicatedThread Domain CPostgreSQL Logging Glibc Synchronization"
  [Credentials]="ByteText COpenSSL DedicatedThread Domain JSONText Synchronization"
  [Ingest]="ByteText DedicatedThread Domain JSONText CMosquitto Logging Glibc Synchronization"
  [Services]="ByteText TrakSenseAPI RPCRuntime DedicatedThread Domain Credentials NIOCore Logging Synchronization"
  [RESTBridge]="ByteText TrakSenseAPI RPCRuntime Credentials JSONText NIOCore NIOPosix NIOHTTP1 NIOHTTPTypes Logging Hummingbird HummingbirdCore HTTPTypes ServiceLifecycle Synchronization Foundation FoundationEssentials"
  [DevStack]="Dispatch Foundation Glibc Synchronization"
  [protoc-gen-traksense]="CProtobufC CProtocPlugin Glibc"
)

failed=0
for target in "${!may[@]}"; do
  while IFS=: read -r file line import; do
    module=$(sed -E 's/.*import( (struct|class|enum|protocol|func|typealias|let|var))? //; s/[. ].*//' <<<"$import")
    if [[ " ${may[$target]} " != *" $module "* ]]; then
      echo "$file:$line: $target may not import $module" >&2
      failed=1
    fi
  done < <(grep -rnE '^((public|package|internal|fileprivate|private|@[A-Za-z_()]+) )*import ' --include='*.swift' "Sources/$target" || true)
done
exit "$failed"
