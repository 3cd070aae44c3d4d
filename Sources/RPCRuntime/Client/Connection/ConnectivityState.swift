// SPDX-License-Identifier: Apache-2.0

/// How a client stands with its servers (gRPC "Connectivity Semantics and API").
public enum ConnectivityState: Hashable, Sendable {
  /// Not connected and not trying; the next call connects.
  case idle
  /// Calls wait.
  case connecting
  /// Calls go out.
  case ready
  /// The last attempt failed, the next is under way or due: calls fail unless they wait for ready.
  case transientFailure
  /// Closed for good.
  case shutdown
}
