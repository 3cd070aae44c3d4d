// SPDX-License-Identifier: Apache-2.0

extension RPCHandler {
  /// Puts interceptors around the code, once for all calls.
  /// - Parameter interceptors: the first one is the outermost.
  func intercepted(by interceptors: [any ServerInterceptor]) -> RPCHandler {
    let prepared = interceptors.compactMap { $0.prepared(for: method) }
    guard !prepared.isEmpty else { return self }
    var handler = counted()
    for interceptor in BracketChain.joining(prepared).reversed() {
      handler =
        if let chain = interceptor as? BracketChain {
          // Of a type that is known here: nothing of the call goes through existentials.
          handler.wrapped(in: chain)
        } else {
          handler.wrapped(in: interceptor)
        }
    }
    return handler
  }

  /// The same, counting messages in the call's context.
  private func counted() -> RPCHandler {
    switch body {
    case .unary(let body):
      replacing(
        .unary { request, context throws(RPCError) in
          context.countReceived()
          let response = try await body(request, context)
          context.countSent()
          return response
        })
    case .clientStreaming(let body):
      replacing(
        .clientStreaming { requests, context throws(RPCError) in
          let response = try await body(requests.counted(in: context), context)
          context.countSent()
          return response
        })
    case .serverStreaming(let body):
      replacing(
        .serverStreaming { request, responses, context throws(RPCError) in
          context.countReceived()
          try await body(request, responses.counted(in: context), context)
        })
    case .bidirectional(let body):
      replacing(
        .bidirectional { requests, responses, context throws(RPCError) in
          try await body(requests.counted(in: context), responses.counted(in: context), context)
        })
    }
  }

  private func wrapped<Interceptor: ServerInterceptor>(
    in interceptor: Interceptor
  ) -> RPCHandler {
    switch body {
    case .unary(let body):
      replacing(
        .unary { request, context throws(RPCError) in
          try await interceptor.intercept(context) { () async throws(RPCError) in
            try await body(request, context)
          }
        })
    case .clientStreaming(let body):
      replacing(
        .clientStreaming { requests, context throws(RPCError) in
          try await interceptor.intercept(context) { () async throws(RPCError) in
            try await body(requests, context)
          }
        })
    case .serverStreaming(let body):
      replacing(
        .serverStreaming { request, responses, context throws(RPCError) in
          try await interceptor.intercept(context) { () async throws(RPCError) in
            try await body(request, responses, context)
          }
        })
    case .bidirectional(let body):
      replacing(
        .bidirectional { requests, responses, context throws(RPCError) in
          try await interceptor.intercept(context) { () async throws(RPCError) in
            try await body(requests, responses, context)
          }
        })
    }
  }
}
