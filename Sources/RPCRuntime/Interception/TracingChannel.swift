// SPDX-License-Identifier: Apache-2.0

public import Tracing

/// A channel whose calls carry the trace of the task that makes them.
public struct TracingChannel: RPCChannel {
  private let channel: any RPCChannel
  private let tracer: (any Tracer)?

  /// - Parameters:
  ///   - channel: makes the calls.
  ///   - tracer: writes its own headers; nil: the bootstrapped one, if there is one.
  public init(_ channel: any RPCChannel, tracer: (any Tracer)? = nil) {
    self.channel = channel
    let found = tracer ?? InstrumentationSystem.tracer
    self.tracer = found is NoOpTracer ? nil : found
  }

  /// See ``RPCChannel``.
  public func unary(
    _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
  ) async throws(RPCError) -> UnaryReply {
    try await channel.unary(method, request, options: traced(options))
  }

  /// See ``RPCChannel``.
  public func serverStreaming(
    _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
  ) async throws(RPCError) -> ResponseStream {
    try await channel.serverStreaming(method, request, options: traced(options))
  }

  /// See ``RPCChannel``.
  public func open(
    _ method: MethodDescriptor, options: CallOptions
  ) async throws(RPCError) -> StreamingCall {
    try await channel.open(method, options: traced(options))
  }

  /// What the caller has set wins, then the tracer, then the trace as it came.
  private func traced(_ options: CallOptions) -> CallOptions {
    guard let service = ServiceContext.current else { return options }
    var options = options
    let carrier = MetadataCarrier()
    tracer?.inject(service, into: &options.metadata, using: carrier)
    if let trace = service[TraceContextKey.self], options.metadata["traceparent"] == nil {
      options.metadata.add(trace.parent, for: "traceparent")
      if !trace.state.isEmpty { options.metadata.add(trace.state, for: "tracestate") }
    }
    return options
  }
}
