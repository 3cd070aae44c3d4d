// SPDX-License-Identifier: Apache-2.0

/// Surroundings for the rest of a call, such as task-local values.
public protocol CallScope: Sendable {
  /// Runs the rest of the call in them.
  /// - Throws: what the rest throws.
  func run<Response: Sendable>(
    _ rest: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response
}
