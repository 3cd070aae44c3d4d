// SPDX-License-Identifier: Apache-2.0

/// What a client may be told beside its target.
public struct ClientConfiguration: Sendable {
  /// How calls are spread over the addresses.
  public enum LoadBalancing: Hashable, Sendable {
    /// A connection to every address; calls take turns over those that are READY.
    case roundRobin
    /// One connection, to the first address that answers.
    case pickFirst
  }

  /// TLS; nil: cleartext with prior knowledge (RFC 9113 §3.3). Default nil.
  public var tls: ClientTLS?
  /// Default round robin.
  public var loadBalancing = LoadBalancing.roundRobin
  /// Waits between attempts to connect.
  public var backoff = ConnectionBackoff()
  /// Default nil: never ask a silent server whether it is there.
  public var keepalive: ClientKeepalive?
  /// After how long without calls a connection is closed. Default 30 minutes, as other gRPC clients; nil:
  /// never.
  public var idleTimeout: Duration? = .seconds(1800)
  /// Least time between two look-ups of the target's names. Default 30 s, as other gRPC clients.
  public var minResolutionInterval = Duration.seconds(30)
  /// What `:authority` says instead of the endpoint's own host and port.
  public var authority: String?
  /// Per-method timeouts, wait-for-ready and retries.
  public var service = ServiceConfig()
  /// What servers and callers may cost.
  public var limits = ClientLimits()

  /// The defaults.
  public init() {}
}
