// SPDX-License-Identifier: Apache-2.0

/// Code around every call of a router: sees it before the handler runs and when the handler has ended.
/// Around a streaming handler it surrounds the whole stream.
///
/// Runs where the handler runs: on the connection's event loop, so it must not block.
public protocol ServerInterceptor: Sendable {
  /// Runs the rest of the call, or answers in its place by throwing.
  /// - Parameters:
  ///   - context: the call; values left in it are seen by what runs later.
  ///   - next: the interceptors behind this one, then the handler. `Response` is the response message, or
  ///     `Void` for handlers that write theirs.
  /// - Throws: what the caller shall see.
  func intercept<Response: Sendable>(
    _ context: ServerContext, _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response

  /// Called once per RPC when the router is built.
  /// - Returns: what intercepts the calls of this RPC: itself, unless it prepares something for each; nil
  ///   when they are none of its business, which makes them cost nothing.
  func prepared(for method: MethodDescriptor) -> (any ServerInterceptor)?
}

extension ServerInterceptor {
  /// Itself.
  public func prepared(for method: MethodDescriptor) -> (any ServerInterceptor)? { self }
}
