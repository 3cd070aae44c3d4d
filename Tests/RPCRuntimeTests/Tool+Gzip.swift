// SPDX-License-Identifier: Apache-2.0

import TestSupport

extension Tool {
  /// What gzip(1) makes of some bytes.
  static func gzip(_ bytes: [UInt8]) async throws -> [UInt8] {
    try await named("gzip").output(["-9", "-n", "-c"], input: bytes)
  }

  static func gunzip(_ bytes: [UInt8]) async throws -> [UInt8] {
    try await named("gzip").output(["-d", "-c"], input: bytes)
  }
}
