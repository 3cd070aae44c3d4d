// SPDX-License-Identifier: Apache-2.0

public import NIOCore
import NIOPosix

/// A client's connection to one server over HTTP/2 cleartext with prior knowledge. Any number of calls may
/// run on it at once. When it is lost, running and later calls fail with UNAVAILABLE; connect anew.
public final class RPCConnection: RPCChannel {
  /// Largest response message accepted, in bytes. 4 MiB, as other gRPC clients.
  private static let maxMessageBytes = 4 << 20

  private let channel: any Channel
  private let connection: NIOLoopBound<ClientConnection>
  private let authority: String

  private init(channel: any Channel, connection: NIOLoopBound<ClientConnection>, authority: String)
  {
    self.channel = channel
    self.connection = connection
    self.authority = authority
  }

  /// Connects.
  /// - Parameters:
  ///   - host: name or address.
  ///   - port: TCP port.
  ///   - group: event loops.
  ///   - timeout: how long to wait for the connection.
  /// - Throws: UNAVAILABLE when that fails.
  public static func connect(
    host: String, port: Int, group: any EventLoopGroup, timeout: Duration = .seconds(10)
  ) async throws(RPCError) -> RPCConnection {
    let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    do {
      let (channel, connection) = try await ClientBootstrap(group: group)
        .connectTimeout(TimeAmount(timeout))
        .channelOption(ChannelOptions.tcpOption(.tcp_nodelay), value: 1)
        .connect(host: host, port: port) { channel in
          channel.eventLoop.makeCompletedFuture {
            let connection = try ClientConnection(loop: channel.eventLoop)
            try channel.pipeline.syncOperations.addHandler(connection)
            return (channel, NIOLoopBound(connection, eventLoop: channel.eventLoop))
          }
        }
      return RPCConnection(channel: channel, connection: connection, authority: authority)
    } catch {
      throw RPCError(.unavailable, "cannot connect to \(authority): \(error)")
    }
  }

  /// Closes the connection; running calls fail.
  public func close() async {
    channel.close(promise: nil)
    // The outcome is the same whichever way it closes.
    _ = try? await channel.closeFuture.get()
  }

  /// Completes when the connection is gone, whoever closed it.
  public func waitUntilClosed() async {
    _ = try? await channel.closeFuture.get()
  }

  /// See ``RPCChannel``.
  public func unary(
    _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
  ) async throws(RPCError) -> UnaryReply {
    try await start(method, request, options).unaryReply()
  }

  /// See ``RPCChannel``.
  public func serverStreaming(
    _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
  ) async throws(RPCError) -> ResponseStream {
    ResponseStream(source: start(method, request, options))
  }

  /// See ``RPCChannel``.
  public func open(
    _ method: MethodDescriptor, options: CallOptions
  ) async throws(RPCError) -> StreamingCall {
    let stream = start(method, nil, options)
    return StreamingCall(
      requests: RequestWriter(sink: stream), responses: ResponseStream(source: stream))
  }

  /// - Parameter request: the only message; nil: messages follow.
  private func start(
    _ method: MethodDescriptor, _ request: MessageFrame?, _ options: CallOptions
  ) -> ClientStream {
    let stream = ClientStream(
      method: method, maxMessageBytes: Self.maxMessageBytes, loop: channel.eventLoop)
    var headers: HeaderList = [
      ":method": "POST", ":scheme": "http", ":path": method.path,
      ":authority": options.authority ?? authority, "te": "trailers",
      "content-type": "application/grpc",
    ]
    let timeout = options.timeout.map { TimeAmount($0) }
    if let timeout { headers.append("grpc-timeout", GRPCTimeout.format(timeout)) }
    headers.append(options.metadata)
    let deadline = timeout.map { NIODeadline.now() + $0 }
    channel.eventLoop.execute { [headers] in
      if let request {
        stream.body.append(request.framed)
        stream.body.end = .endStream
      }
      self.connection.value.start(
        stream, headers: headers, body: stream.body, deadline: deadline)
    }
    return stream
  }
}
