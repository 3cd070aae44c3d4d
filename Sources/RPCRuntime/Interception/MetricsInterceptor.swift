// SPDX-License-Identifier: Apache-2.0

public import Metrics
import NIOCore

/// Counts calls under the names that dashboards for gRPC servers know: `grpc_server_started_total`,
/// `grpc_server_handled_total`, `grpc_server_msg_received_total`, `grpc_server_msg_sent_total` and the
/// histogram `grpc_server_handling_seconds`, with labels `grpc_type`, `grpc_service`, `grpc_method` (and
/// `grpc_code`). Also observes the calls that get no handler.
public struct MetricsInterceptor: CallBracket, ServerObserver {
  private let factory: any MetricsFactory
  private let rejected: RejectedCallMetrics

  /// - Parameter factory: nil: the bootstrapped one.
  public init(factory: (any MetricsFactory)? = nil) {
    self.factory = factory ?? MetricsSystem.factory
    rejected = RejectedCallMetrics(self.factory)
  }

  /// Looks up the RPC's metrics once.
  public func prepared(for method: MethodDescriptor) -> (any ServerInterceptor)? {
    MethodMetricsInterceptor(MethodMetrics(method, factory))
  }

  /// Counts what no handler saw. Paths of strangers share one label.
  public func callRejected(_ call: RejectedCall) {
    let code: StatusCode =
      switch call.answer {
      case .status(let error): error.code
      // gRPC's mapping of bare HTTP statuses: anything but a few of them.
      case .http: .unknown
      }
    rejected.count(call.method, code)
  }
}

private struct MethodMetricsInterceptor: CallBracket {
  private let metrics: MethodMetrics

  init(_ metrics: MethodMetrics) {
    self.metrics = metrics
  }

  func begin(_ context: ServerContext) async throws(RPCError) { metrics.started() }

  func end(_ context: ServerContext, _ error: RPCError?) -> RPCError? {
    metrics.ended(context, error)
    return error
  }
}
