// SPDX-License-Identifier: Apache-2.0

/// An interceptor that has nothing to hold while the handler runs: it acts before it and after it. Neighbours of
/// this kind share one frame around the handler, which matters where ten thousand streams are open.
public protocol CallBracket: ServerInterceptor {
  /// Runs before the handler, after the interceptors in front of this one.
  /// - Throws: what the caller shall see; then nothing behind runs, and neither does ``end(_:_:)``.
  func begin(_ context: ServerContext) async throws(RPCError)

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

  /// Leaves the outcome as it is.
  public func end(_ context: ServerContext, _ error: RPCError?) -> RPCError? { error }

  /// Both ends around the rest of the call.
  public func intercept<Response: Sendable>(
    _ context: ServerContext, _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    try await BracketChain([self]).intercept(context, next)
  }
}

/// Neighbours among a router's interceptors, the outermost first.
struct BracketChain: ServerInterceptor {
  private let brackets: [any CallBracket]

  /// - Parameter brackets: the first one is the outermost.
  init(_ brackets: [any CallBracket]) {
    self.brackets = brackets
  }

  /// Joins neighbours that are brackets; the others stay as they are, and where they are.
  static func joining(_ interceptors: [any ServerInterceptor]) -> [any ServerInterceptor] {
    var joined: [any ServerInterceptor] = []
    var brackets: [any CallBracket] = []
    func close() {
      if !brackets.isEmpty { joined.append(BracketChain(brackets)) }
      brackets = []
    }
    for interceptor in interceptors {
      if let bracket = interceptor as? any CallBracket {
        brackets.append(bracket)
      } else {
        close()
        joined.append(interceptor)
      }
    }
    close()
    return joined
  }

  func intercept<Response: Sendable>(
    _ context: ServerContext, _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    var begun = 0
    do throws(RPCError) {
      while begun < brackets.count {
        try await brackets[begun].begin(context)
        begun += 1
      }
      let response = try await next()
      _ = end(begun, context, nil)
      return response
    } catch {
      throw end(begun, context, error) ?? error
    }
  }

  /// Ends the first `count`, the innermost first.
  @inline(never)
  private func end(_ count: Int, _ context: ServerContext, _ error: RPCError?) -> RPCError? {
    var outcome = error
    for bracket in brackets[..<count].reversed() {
      let seen = bracket.end(context, outcome)
      if outcome != nil { outcome = seen ?? outcome }
    }
    return outcome
  }
}
