// SPDX-License-Identifier: Apache-2.0

public import Tracing

/// Continues the caller's trace: `traceparent` and `tracestate` go into the handler's `ServiceContext`, and
/// where a tracer is at work each call becomes a span of kind server (OpenTelemetry semantic conventions
/// for RPC). Without a tracer, a call without `traceparent` costs the look for that header.
public struct TracingInterceptor: ServerInterceptor {
  private let tracer: (any Tracer)?

  /// - Parameter tracer: nil: the bootstrapped one, if there is one.
  public init(tracer: (any Tracer)? = nil) {
    let found = tracer ?? InstrumentationSystem.tracer
    self.tracer = found is NoOpTracer ? nil : found
  }

  /// See ``ServerInterceptor``.
  public func intercept<Response: Sendable>(
    _ context: ServerContext, _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    let trace = context.metadataValue("traceparent").flatMap {
      TraceContext(parent: $0, state: context.metadataValue("tracestate"))
    }
    if let trace { context[TraceContextKey.self] = trace }
    if let tracer { return try await spanned(by: tracer, trace, context, next) }
    guard let trace else { return try await next() }
    var service = ServiceContext.current ?? .topLevel
    service[TraceContextKey.self] = trace
    return try await Self.run(in: service, next)
  }

  private func spanned<Response: Sendable>(
    by tracer: any Tracer, _ trace: TraceContext?, _ context: ServerContext,
    _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
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
    defer { span.end() }
    do throws(RPCError) {
      let response = try await Self.run(in: span.context, next)
      Self.end(span, context, nil)
      return response
    } catch {
      Self.end(span, context, error)
      throw error
    }
  }

  private static func end(_ span: any Span, _ context: ServerContext, _ error: RPCError?) {
    let code = context.outcome(ofHandler: error)?.code ?? .ok
    span.attributes["rpc.grpc.status_code"] = Int64(code.rawValue)
    if code.isServerFault { span.setStatus(SpanStatus(code: .error, message: code.labelName)) }
  }

  private static func run<Response: Sendable>(
    in service: ServiceContext, _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    let result: Result<Response, RPCError> = await ServiceContext.withValue(service) {
      do throws(RPCError) { return .success(try await next()) } catch { return .failure(error) }
    }
    return try result.get()
  }
}

/// Reads and writes metadata for a tracer's own propagation.
struct MetadataCarrier: Extractor, Injector {
  func extract(key: String, from carrier: Metadata) -> String? { carrier[key.lowercased()] }

  func inject(_ value: String, forKey key: String, into carrier: inout Metadata) {
    if carrier[key.lowercased()] == nil { carrier.add(value, for: key) }
  }
}
