// SPDX-License-Identifier: Apache-2.0

public import Tracing

/// Continues the caller's trace: `traceparent` and `tracestate` go into the handler's `ServiceContext`, and
/// where a tracer is at work each call becomes a span of kind server (OpenTelemetry semantic conventions
/// for RPC). Without a tracer, a call without `traceparent` costs the look for that header.
public struct TracingInterceptor: CallBracket {
  private let tracer: (any Tracer)?

  /// - Parameter tracer: nil: the bootstrapped one, if there is one.
  public init(tracer: (any Tracer)? = nil) {
    let found = tracer ?? InstrumentationSystem.tracer
    self.tracer = found is NoOpTracer ? nil : found
  }

  /// Reads the headers, and starts the span.
  public func begin(_ context: ServerContext) async throws(RPCError) {
    let trace = context.metadataValue("traceparent").flatMap {
      TraceContext(parent: $0, state: context.metadataValue("tracestate"))
    }
    if let trace { context[TraceContextKey.self] = trace }
    guard let tracer else { return }
    var service = ServiceContext.current ?? .topLevel
    service[TraceContextKey.self] = trace
    tracer.extract(context.metadata, into: &service, using: MetadataCarrier())
    let method = context.method
    let span = tracer.startAnySpan(
      "\(method.service)/\(method.method)", context: service, ofKind: .server)
    span.attributes["rpc.system"] = "grpc"
    span.attributes["rpc.service"] = method.service
    span.attributes["rpc.method"] = method.method
    span.attributes["network.peer.address"] = context.peer
    context[SpanKey.self] = span
  }

  /// The span's, or the caller's trace.
  public func scope(_ context: ServerContext) -> (any CallScope)? {
    if tracer != nil, let span = context[SpanKey.self] { return Self.scope(span.context) }
    guard let trace = context[TraceContextKey.self] else { return nil }
    var service = ServiceContext.current ?? .topLevel
    service[TraceContextKey.self] = trace
    return Self.scope(service)
  }

  private static func scope(_ service: ServiceContext) -> any CallScope {
    TaskLocalScope(ServiceContext.$current, service)
  }

  /// Ends the span.
  public func end(_ context: ServerContext, _ error: RPCError?) -> RPCError? {
    if tracer != nil, let span = context[SpanKey.self] {
      let code = context.outcome(ofHandler: error)?.code ?? .ok
      span.attributes["rpc.grpc.status_code"] = Int64(code.rawValue)
      if code.isServerFault { span.setStatus(SpanStatus(code: .error, message: code.labelName)) }
      span.end()
    }
    return error
  }
}

private enum SpanKey: ServerContextKey {
  typealias Value = any Span
}

/// Reads and writes metadata for a tracer's own propagation.
struct MetadataCarrier: Extractor, Injector {
  func extract(key: String, from carrier: Metadata) -> String? { carrier[key.lowercased()] }

  func inject(_ value: String, forKey key: String, into carrier: inout Metadata) {
    if carrier[key.lowercased()] == nil { carrier.add(value, for: key) }
  }
}
