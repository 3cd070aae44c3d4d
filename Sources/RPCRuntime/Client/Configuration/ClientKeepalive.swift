// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// When a client asks a silent server whether it is still there (gRPC A8). Servers close connections whose
/// client asks too often: by default more than every 5 minutes while no data flows.
public struct ClientKeepalive: Hashable, Sendable {
  /// Shortest ``time``: less would be taken as abuse.
  public static let minTime = Duration.seconds(10)

  /// After how much silence a PING is sent. At least 10 s.
  public let time: Duration
  /// How long its answer, or anything else, may take before the connection counts as lost. Default 20 s.
  public let timeout: Duration
  /// Whether to ask while no call is running. Default false.
  public let permitWithoutCalls: Bool

  /// - Parameters:
  ///   - time: silence before a PING; less than 10 s becomes 10 s.
  ///   - timeout: patience with the answer.
  ///   - permitWithoutCalls: also while no call is running.
  public init(time: Duration, timeout: Duration = .seconds(20), permitWithoutCalls: Bool = false) {
    self.init(unchecked: max(time, Self.minTime), timeout, permitWithoutCalls)
  }

  /// Without the lower bound.
  init(unchecked time: Duration, _ timeout: Duration, _ permitWithoutCalls: Bool) {
    self.time = time
    self.timeout = timeout
    self.permitWithoutCalls = permitWithoutCalls
  }

  /// What a server that found this too often gets from then on (gRPC A8: "doubled").
  var slower: ClientKeepalive {
    ClientKeepalive(unchecked: time * 2, timeout, permitWithoutCalls)
  }
}
