// SPDX-License-Identifier: Apache-2.0

/// An interceptor that has nothing to hold while the handler runs: it acts before it and after it. Neighbours of
/// this kind share one frame around the handler, which matters where ten thousand streams are open: a task
/// keeps the memory of its deepest chain of frames for as long as it lives.
public protocol CallBracket: ServerInterceptor {
  /// Runs before the handler, after the interceptors in front of this one.
  /// - Throws: what the caller shall see; then nothing behind runs, and neither does ``end(_:_:)``.
  func begin(_ context: ServerContext) async throws(RPCError)

  /// Asked when this one has begun.
  /// - Returns: where the rest of the call shall run; nil: where this one does, which costs nothing.
  func scope(_ context: ServerContext) -> (any CallScope)?

  /// Runs when everything behind has ended.
  /// - Parameters:
  ///   - context: the call's.
  ///   - error: how it ended; nil: with success.
  /// - Returns: what the caller shall see; an error where there was none is not possible.
  func end(_ context: ServerContext, _ error: RPCError?) -> RPCError?
}

extension CallBracket {
  /// Nothing to do.
  public func begin(_ context: ServerContext) async throws(RPCError) {}

  /// None.
  public func scope(_ context: ServerContext) -> (any CallScope)? { nil }

  /// Leaves the outcome as it is.
  public func end(_ context: ServerContext, _ error: RPCError?) -> RPCError? { error }

  /// Both ends around the rest of the call.
  public func intercept<Response: Sendable>(
    _ context: ServerContext, _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    try await BracketChain([self]).intercept(context, next)
  }
}
