// SPDX-License-Identifier: Apache-2.0

/// Neighbours among a router's interceptors that are brackets, the outermost first.
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
    try await run(from: 0, context, next)
  }

  /// Runs the brackets from `first` on, and the rest of the call.
  private func run<Response: Sendable>(
    from first: Int, _ context: ServerContext, _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    var begun = first
    do throws(RPCError) {
      let response: Response
      if let scope = try await begin(&begun, context) {
        response = try await run(in: scope, from: begun, context, next)
      } else {
        response = try await next()
      }
      _ = end(first..<begun, context, nil)
      return response
    } catch {
      throw end(first..<begun, context, error) ?? error
    }
  }

  /// Not inlined, as ``begin(_:_:)``: few calls need it, and all would keep its frame.
  @inline(never)
  private func run<Response: Sendable>(
    in scope: any CallScope, from first: Int, _ context: ServerContext,
    _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    try await scope.run { () async throws(RPCError) in
      try await run(from: first, context, next)
    }
  }

  /// Begins one after the other, until one wants a scope for the rest.
  /// - Parameter begun: how many have begun.
  /// - Returns: that scope; nil: all have begun.
  @inline(never)
  private func begin(
    _ begun: inout Int, _ context: ServerContext
  ) async throws(RPCError) -> (any CallScope)? {
    while begun < brackets.count {
      try await brackets[begun].begin(context)
      begun += 1
      if let scope = brackets[begun - 1].scope(context) { return scope }
    }
    return nil
  }

  /// Ends those of a range, the innermost first.
  @inline(never)
  private func end(
    _ range: Range<Int>, _ context: ServerContext, _ error: RPCError?
  ) -> RPCError? {
    var outcome = error
    for bracket in brackets[range].reversed() {
      let seen = bracket.end(context, outcome)
      if outcome != nil { outcome = seen ?? outcome }
    }
    return outcome
  }
}
