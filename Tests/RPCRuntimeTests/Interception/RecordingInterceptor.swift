// SPDX-License-Identifier: Apache-2.0

import RPCRuntime
import Synchronization

/// Writes down what it sees.
final class RecordingInterceptor: ServerInterceptor {
  struct End: Hashable {
    var method: String
    var code: StatusCode
    var received: Int
    var sent: Int
  }

  private let name: String
  private let log: Log
  private let methods: Set<String>?

  final class Log: Sendable {
    private let lines = Mutex<[String]>([])
    private let ended = Mutex<[End]>([])

    var all: [String] { lines.withLock { $0 } }
    var ends: [End] { ended.withLock { $0 } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
    func add(_ end: End) { ended.withLock { $0.append(end) } }
  }

  /// - Parameter methods: those intercepted; nil: all.
  init(_ name: String, _ log: Log, only methods: Set<String>? = nil) {
    self.name = name
    self.log = log
    self.methods = methods
  }

  func prepared(for method: MethodDescriptor) -> (any ServerInterceptor)? {
    methods.map { $0.contains(method.method) } ?? true ? self : nil
  }

  func intercept<Response: Sendable>(
    _ context: ServerContext, _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    log.add("\(name) begins \(context.method.method)")
    do throws(RPCError) {
      let response = try await next()
      end(context, nil)
      return response
    } catch {
      end(context, error)
      throw error
    }
  }

  private func end(_ context: ServerContext, _ error: RPCError?) {
    log.add("\(name) ends \(context.method.method)")
    log.add(
      End(
        method: context.method.method, code: context.outcome(ofHandler: error)?.code ?? .ok,
        received: context.messagesReceived, sent: context.messagesSent))
  }
}

/// Keeps what the server says of calls without a handler.
final class RecordingObserver: ServerObserver {
  private let seen = Mutex<[RejectedCall]>([])

  var calls: [RejectedCall] { seen.withLock { $0 } }

  func callRejected(_ call: RejectedCall) { seen.withLock { $0.append(call) } }
}
