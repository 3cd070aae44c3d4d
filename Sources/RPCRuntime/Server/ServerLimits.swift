// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// Every number that bounds what a peer can cost. Defaults suit a public server.
public struct ServerLimits: Sendable {
  /// Largest request message, in bytes. Default 4 MiB, as other gRPC servers. Exceeding:
  /// RESOURCE_EXHAUSTED as soon as the length prefix is seen.
  public var maxMessageBytes = 4 << 20
  /// How many times its size a compressed request message may grow to before what is more counts as
  /// implausible. Default 32: text and protobuf stay below, deflate allows 1,032.
  public var plausibleInflation = 32
  /// Implausible bytes that the running handlers of one connection may hold. Default 8 MiB: a few requests
  /// of zeros. Exceeding: RESOURCE_EXHAUSTED.
  public var maxImplausibleBytes = 8 << 20
  /// Whether responses are compressed, for callers that accept it, when their handler does not say. Default
  /// false: it costs more than it saves between machines that stand side by side.
  public var compressesResponses = false
  /// Smallest response message that is compressed, in bytes. Default 1,024: what fits one packet gains
  /// nothing.
  public var minCompressedBytes = 1_024
  /// Request bytes of one connection that wait to become whole messages. Default 8 MiB: two messages of
  /// the largest size. Beyond it all streams but one have to wait, by flow control; when that one brings
  /// nothing for ``writeStallTimeout``, it ends with RESOURCE_EXHAUSTED.
  public var maxBufferedRequestBytes = 8 << 20
  /// Streams open at once per connection, announced in SETTINGS. Default 100.
  public var maxConcurrentStreams = 100
  /// Handlers running at once per connection, counting those whose stream was reset and that have not
  /// returned yet (CVE-2023-44487: a reset must not buy a free slot). Default 200. Exceeding: UNAVAILABLE.
  public var maxRunningHandlers = 200
  /// Decoded request header list, in bytes as RFC 9113 §6.5.2 counts. Default 16 KiB. Exceeding:
  /// RESOURCE_EXHAUSTED; sixteen-fold: the connection is closed.
  public var maxHeaderListBytes = 16 * 1024
  /// Streams that may be reset, by either end, in a burst and per second. Default 200 + 20/s. Exceeding:
  /// GOAWAY(ENHANCE_YOUR_CALM). Covers rapid reset and MadeYouReset (CVE-2025-8671).
  public var resetBurst = 200
  /// Resets that come back to the budget each second. See ``resetBurst``.
  public var resetsPerSecond = 20
  /// CONTINUATION frames after one HEADERS (CVE-2024-27316). Default 8. Exceeding: connection closed.
  public var maxContinuations = 8
  /// Frames other than DATA that may wait to be sent (CVE-2019-9512, 9514, 9515). Default 1,000.
  /// Exceeding: connection closed.
  public var maxQueuedControlFrames = 1_000
  /// Frames that bring the peer nothing (PING, SETTINGS, PRIORITY, WINDOW_UPDATE, small DATA): burst and
  /// per second; opened streams earn 100, sent DATA frames 10. Default 1,000 + 20/s. Exceeding:
  /// GOAWAY(ENHANCE_YOUR_CALM).
  public var idleFrameBurst = 1_000
  /// Idle frames that come back to the budget each second. See ``idleFrameBurst``.
  public var idleFramesPerSecond = 20
  /// Response bytes of one stream that wait for the peer before its handler suspends. Default 64 KiB.
  public var maxPendingBytesPerStream = 64 * 1024
  /// Bytes of one connection handed to the socket that it has not taken. Default 1 MiB.
  public var maxPendingBytesPerConnection = 1 << 20
  /// Receive window of a stream, in bytes. Default 64 KiB: with 100 streams no more than
  /// ``maxBufferedRequestBytes``.
  public var streamWindow = 64 * 1024
  /// Receive window of a connection, in bytes. Default 1 MiB.
  public var connectionWindow = 1 << 20
  /// How long a new connection may take to send preface and SETTINGS. Default 10 s.
  public var prefaceTimeout = TimeAmount.seconds(10)
  /// How long an HTTP/1.1 connection may wait for its next request. Default 60 s.
  public var keepAliveTimeout = TimeAmount.seconds(60)
  /// How long pending output may wait without the socket taking any. Default 30 s (CVE-2019-9511, 9517).
  public var writeStallTimeout = TimeAmount.seconds(30)
  /// Fastest PINGs a client may send while it receives nothing. Default 5 minutes (gRFC A8).
  public var minPingInterval = TimeAmount.minutes(5)
  /// The same while it has no call open. Default 2 hours (gRFC A8). With the value of ``minPingInterval``,
  /// clients may keep connections alive that they do not use.
  public var minPingIntervalWithoutCalls = TimeAmount.hours(2)
  /// PINGs faster than that before GOAWAY "too_many_pings". Default 2.
  public var maxPingStrikes = 2
  /// How long nothing may come from a client before it is asked with a PING whether it is there. Default 2
  /// hours (gRFC A8).
  public var keepaliveTime = TimeAmount.hours(2)
  /// How long it may take to send anything after that. Default 20 s (gRFC A8). Exceeding: closed.
  public var keepaliveTimeout = TimeAmount.seconds(20)
  /// How long a connection may have no call before it is drained (gRFC A9). Default: for ever.
  public var maxConnectionIdle: TimeAmount?
  /// Age at which a connection is drained, ±10 %, so that load moves between servers (gRFC A9). Default:
  /// never.
  public var maxConnectionAge: TimeAmount?
  /// How long the calls of a connection of that age may go on. Default 5 minutes: without an end, streams
  /// would keep old connections for ever. Exceeding: UNAVAILABLE.
  public var maxConnectionAgeGrace = TimeAmount.minutes(5)
  /// How long a draining connection may finish its calls. Default 30 s. Exceeding: UNAVAILABLE.
  public var drainGrace = TimeAmount.seconds(30)
  /// How long a TLS handshake may take. Default 10 s. Exceeding: closed.
  public var handshakeTimeout = TimeAmount.seconds(10)
  /// Connections in their TLS handshake at once, each some 30 KiB. Default 500. Exceeding: closed at once.
  public var maxHandshakes = 500
  /// How often the files of TLS listeners are looked at for a change. Default 10 s.
  public var certificateCheckInterval = TimeAmount.seconds(10)
  /// Connections open at once. Default 10,000. Exceeding: closed at once.
  public var maxConnections = 10_000

  /// The defaults.
  public init() {}
}
