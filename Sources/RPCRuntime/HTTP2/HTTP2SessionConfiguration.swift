// SPDX-License-Identifier: Apache-2.0

/// What one end of an HTTP/2 connection announces and enforces. Values come from ``ServerLimits``.
struct HTTP2SessionConfiguration {
  enum Role {
    case server
    case client
  }

  var role: Role
  /// SETTINGS_MAX_CONCURRENT_STREAMS announced.
  var maxConcurrentStreams: UInt32 = 100
  /// SETTINGS_INITIAL_WINDOW_SIZE announced, in bytes per stream.
  var streamWindow: Int32 = 256 * 1024
  /// Receive window of the connection in bytes.
  var connectionWindow: Int32 = 1 << 20
  /// SETTINGS_MAX_HEADER_LIST_SIZE announced and enforced, in bytes as RFC 9113 §6.5.2 counts.
  var maxHeaderListBytes = 16 * 1024
  /// Acknowledgements of SETTINGS and PING that may wait to be sent (CVE-2019-9512, -9515).
  var maxQueuedAcks = 1_000
  /// CONTINUATION frames after one HEADERS (CVE-2024-27316).
  var maxContinuations = 8
}
