// SPDX-License-Identifier: Apache-2.0

/// What a client may cost the bridge.
package struct RESTBridgeLimits: Sendable {
  /// Largest request body, in bytes. Default 1 MiB: some 8,000 readings. Exceeding: 413.
  package var maxBodyBytes = 1 << 20
  /// Bytes of request bodies held at the same time, all connections together. Default 64 MiB. Exceeding:
  /// 503 with Retry-After.
  package var maxBodyBytesInFlight = 64 << 20
  /// How long a client may take to send a body. Default 20 s. Exceeding: 408, then closed.
  package var bodyTimeout = Duration.seconds(20)
  /// How long a refused body may still come in before the connection is closed. Closing at once would
  /// reset the connection and could take the answer with it. Default 1 s.
  package var refusedBodyLinger = Duration.seconds(1)

  /// Largest picture, in bytes. Default 5 MiB, as the service takes. Exceeding: 400.
  package var maxAvatarBytes = 5 << 20
  /// What may be around a picture in its body, in bytes. Default 64 KiB. Exceeding: 400.
  package var maxAvatarEnvelopeBytes = 64 << 10
  /// Size of the parts in which a picture is passed on, in bytes: what an upload costs the bridge. Default
  /// 64 KiB.
  package var avatarPartBytes = 64 << 10
  /// How long a client may take to send a picture. Default 60 s: 5 MiB at 0.7 Mbit/s. Exceeding: 408, then
  /// closed.
  package var avatarTimeout = Duration.seconds(60)

  /// Largest header field, in bytes. Default 8 KiB, as other servers. Exceeding: 400, then closed.
  package var maxHeaderFieldBytes = 8 << 10
  /// Largest header section, in bytes. Default 16 KiB. Exceeding: 400, then closed.
  package var maxHeaderListBytes = 16 << 10
  /// Most header fields. Default 100. Exceeding: 400, then closed.
  package var maxHeaderFields = 100

  /// Connections open at the same time; further ones wait in the kernel's queue. Default 4,096.
  package var maxConnections = 4096
  /// How long a connection may be without a complete request head, or without a further part of a request
  /// that has begun: the bound on clients that drip bytes. Default 30 s. Exceeding: closed.
  package var idleTimeout = Duration.seconds(30)
  /// How long a client may leave an answer unread once its socket buffers are full. Default 30 s.
  /// Exceeding: closed.
  package var writeStall = Duration.seconds(30)

  /// Event streams open at the same time. Default 2,000, so that connections remain for everything else.
  /// Exceeding: 503 with Retry-After.
  package var maxStreams = 2000
  /// Pause between the comments that keep an idle event stream from being cut by proxies. Default 15 s.
  package var keepAliveInterval = Duration.seconds(15)
  /// Readings per event; a larger batch becomes several events. Default 500: some 80 KiB.
  package var maxReadingsPerEvent = 500
  /// What browsers are told to wait before they reconnect. Default 2 s.
  package var reconnectDelay = Duration.seconds(2)

  /// Deadline of the RPC behind a request. Default 25 s: browsers' clients give up after 30 s.
  package var callTimeout = Duration.seconds(25)
  /// Deadline of the RPC behind a history request, whose rows are sent as they come. Default 60 s.
  package var historyTimeout = Duration.seconds(60)
  /// Most rows of one history answer, and how many are sent when the client names no limit. Default 100,000.
  package var maxHistoryRows = 100_000

  /// How long requests may go on after graceful shutdown began. Default 1.5 s.
  package var drainGrace = Duration.milliseconds(1500)

  /// The defaults.
  package init() {}
}
