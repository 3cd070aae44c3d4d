// SPDX-License-Identifier: Apache-2.0

/// Every number that bounds what a server, or this process's own callers, can cost a client.
public struct ClientLimits: Sendable {
  /// Largest response message, in bytes after decompression. Default 4 MiB, as other gRPC clients. Exceeding:
  /// the call fails with RESOURCE_EXHAUSTED as soon as the length prefix is seen.
  public var maxMessageBytes = 4 << 20
  /// Smallest request message that a call with compression compresses, in bytes. Default 1,024: what fits
  /// one packet gains nothing.
  public var minCompressedBytes = 1_024
  /// Decoded response header or trailer list, in bytes as RFC 9113 §6.5.2 counts. Default 16 KiB. Exceeding:
  /// RESOURCE_EXHAUSTED; sixteen-fold: the connection is closed.
  public var maxHeaderListBytes = 16 * 1024
  /// CONTINUATION frames after one HEADERS (CVE-2024-27316). Default 8. Exceeding: connection closed.
  public var maxContinuations = 8
  /// Acknowledgements of SETTINGS and PING that may wait for a server that does not read (CVE-2019-9512,
  /// 9515). Default 1,000. Exceeding: connection closed.
  public var maxQueuedControlFrames = 1_000
  /// Receive window of a call, in bytes: most that a caller who does not read makes this end keep. Default
  /// 256 KiB.
  public var streamWindow = 256 * 1024
  /// Receive window of a connection, in bytes. Default 1 MiB.
  public var connectionWindow = 1 << 20
  /// Request bytes of one call that wait for the server before the caller suspends. Default 64 KiB.
  public var maxPendingBytesPerCall = 64 * 1024
  /// Calls that wait for a connection, and again per connection for room below the server's
  /// MAX_CONCURRENT_STREAMS. Default 10,000: some 10 MB. Exceeding: RESOURCE_EXHAUSTED. Twice as many frames
  /// may wait for a server that does not read; then the connection is closed.
  public var maxWaitingCalls = 10_000
  /// Request bytes of one call with streamed requests that are kept to be sent once more. Default 256 KiB.
  /// Exceeding: the call is not retried.
  public var maxReplayBytesPerCall = 256 * 1024
  /// The same for all calls of a client. Default 16 MiB.
  public var maxReplayBytes = 16 << 20

  /// The defaults.
  public init() {}
}
