// SPDX-License-Identifier: Apache-2.0

import Metrics
import NIOCore

/// The metrics of one RPC.
struct MethodMetrics: Sendable {
  private let startedCounter: Counter
  private let receivedCounter: Counter
  private let sentCounter: Counter
  private let seconds: Timer
  private let succeeded: Counter
  /// Makes a counter for each other code when it first occurs: most never do.
  private let factory: any MetricsFactory
  private let labels: [(String, String)]

  init(_ method: MethodDescriptor, _ factory: any MetricsFactory) {
    let labels = Self.labels(method)
    startedCounter = Counter(
      label: "grpc_server_started_total", dimensions: labels, factory: factory)
    receivedCounter = Counter(
      label: "grpc_server_msg_received_total", dimensions: labels, factory: factory)
    sentCounter = Counter(
      label: "grpc_server_msg_sent_total", dimensions: labels, factory: factory)
    seconds = Timer(
      label: "grpc_server_handling_seconds", dimensions: labels, factory: factory)
    succeeded = Self.handled(labels, .ok, factory)
    self.factory = factory
    self.labels = labels
  }

  static func handled(
    _ labels: [(String, String)], _ code: StatusCode, _ factory: any MetricsFactory
  ) -> Counter {
    Counter(
      label: "grpc_server_handled_total", dimensions: labels + [("grpc_code", code.labelName)],
      factory: factory)
  }

  static func labels(_ method: MethodDescriptor) -> [(String, String)] {
    [
      ("grpc_type", type(method.kind)), ("grpc_service", method.service),
      ("grpc_method", method.method),
    ]
  }

  private static func type(_ kind: MethodKind) -> String {
    switch kind {
    case .unary: "unary"
    case .clientStreaming: "client_stream"
    case .serverStreaming: "server_stream"
    case .bidirectional: "bidi_stream"
    }
  }

  func started() { startedCounter.increment() }

  @inline(never)
  func ended(_ context: ServerContext, _ error: RPCError?) {
    let code = context.outcome(ofHandler: error)?.code ?? .ok
    (code == .ok ? succeeded : Self.handled(labels, code, factory)).increment()
    receivedCounter.increment(by: context.messagesReceived)
    sentCounter.increment(by: context.messagesSent)
    seconds.recordNanoseconds((NIODeadline.now() - context.startedAt).nanoseconds)
  }
}

/// Counts calls that got no handler: started and handled at once.
struct RejectedCallMetrics: Sendable {
  private let factory: any MetricsFactory

  init(_ factory: any MetricsFactory) {
    self.factory = factory
  }

  /// - Parameter method: nil: none that is served.
  func count(_ method: MethodDescriptor?, _ code: StatusCode) {
    let labels =
      method.map { MethodMetrics.labels($0) } ?? [
        ("grpc_type", "unknown"), ("grpc_service", "unknown"), ("grpc_method", "unknown"),
      ]
    Counter(label: "grpc_server_started_total", dimensions: labels, factory: factory).increment()
    MethodMetrics.handled(labels, code, factory).increment()
  }
}
