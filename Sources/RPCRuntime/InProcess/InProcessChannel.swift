// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Calls straight into a router of the same process: same handlers, same bytes, no socket. The handler runs
/// in the caller's task (unary) or in one of its own (streaming).
public struct InProcessChannel: RPCChannel {
  private let router: RPCRouter

  /// - Parameter router: where calls go.
  public init(router: RPCRouter) {
    self.router = router
  }

  /// See ``RPCChannel``.
  public func unary(
    _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
  ) async throws(RPCError) -> UnaryReply {
    guard case .unary(let body) = router.handler(path: method.path)?.body else {
      throw unimplemented(method, options)
    }
    let context = Self.context(method, options)
    let response = try await Self.run(in: context) { () async throws(RPCError) in
      try await body(request.message, context)
    }
    return UnaryReply(
      message: response.message, initialMetadata: context.initialMetadata,
      trailingMetadata: context.trailingMetadata)
  }

  /// See ``RPCChannel``.
  public func serverStreaming(
    _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
  ) async throws(RPCError) -> ResponseStream {
    guard case .serverStreaming(let body) = router.handler(path: method.path)?.body else {
      throw unimplemented(method, options)
    }
    let context = Self.context(method, options)
    let pipe = InProcessPipe()
    let task = Task {
      do throws(RPCError) {
        try await Self.run(in: context) { () async throws(RPCError) in
          try await body(request.message, ResponseWriter(sink: pipe), context)
        }
        pipe.finish(nil)
      } catch {
        pipe.finish(error)
      }
    }
    pipe.onCancel { task.cancel() }
    context.onEnd { error in
      pipe.finish(error)
      task.cancel()
    }
    return ResponseStream(source: pipe) { context.responseMetadata }
  }

  /// See ``RPCChannel``.
  public func open(
    _ method: MethodDescriptor, options: CallOptions
  ) async throws(RPCError) -> StreamingCall {
    guard let handler = router.handler(path: method.path) else {
      throw unimplemented(method, options)
    }
    let context = Self.context(method, options)
    let requests = InProcessPipe()
    let responses = InProcessPipe()
    let task = Task {
      var status: RPCError?
      do throws(RPCError) {
        try await Self.run(in: context) { () async throws(RPCError) in
          try await handler.run(requests, responses, context)
        }
      } catch {
        status = error
      }
      // Ends a caller that is still writing.
      requests.cancel()
      responses.finish(status)
    }
    requests.onCancel { task.cancel() }
    responses.onCancel {
      requests.cancel()
      task.cancel()
    }
    context.onEnd { error in
      responses.finish(error)
      requests.cancel()
      task.cancel()
    }
    return StreamingCall(
      requests: RequestWriter(sink: requests),
      responses: ResponseStream(source: responses) { context.responseMetadata })
  }

  private func unimplemented(_ method: MethodDescriptor, _ options: CallOptions) -> RPCError {
    let error = router.unimplemented(path: method.path)
    router.rejected(method.path, peer: options.peer ?? Self.peer, .status(error))
    return error
  }

  private static let peer = "in-process"

  private static func context(_ method: MethodDescriptor, _ options: CallOptions) -> ServerContext {
    ServerContext(
      method: method, authority: options.authority ?? "", peer: options.peer ?? peer,
      deadline: options.timeout.map { .now() + TimeAmount($0) }, metadata: options.metadata)
  }

  /// Runs `operation`, cancelling it at the deadline.
  private static func run<Value: Sendable>(
    in context: ServerContext,
    _ operation: @escaping @Sendable () async throws(RPCError) -> Value
  ) async throws(RPCError) -> Value {
    guard let deadline = context.deadline else { return try await operation() }
    let work = Task { await Result(catching: operation) }
    let timer = Task {
      do {
        try await Task.sleep(for: .nanoseconds(max(0, (deadline - .now()).nanoseconds)))
        context.ended(early: lateness)
        work.cancel()
      } catch {
        // The work was done in time.
      }
    }
    let result = await withTaskCancellationHandler {
      await work.value
    } onCancel: {
      work.cancel()
    }
    timer.cancel()
    if case .failure = result, NIODeadline.now() >= deadline {
      throw lateness
    }
    return try result.get()
  }

  private static let lateness = RPCError(.deadlineExceeded, "deadline exceeded")
}
