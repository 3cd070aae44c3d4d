// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// One connection to one server over HTTP/2 cleartext, for tests and measurements. Any number of calls may
/// run on it at once. When it is lost, running and later calls fail with UNAVAILABLE; ``RPCClient`` is what
/// connects anew.
package final class RPCConnection: RPCChannel {
  private let loop: any EventLoop
  private let connection: NIOLoopBound<ClientConnection>
  private let closed: EventLoopFuture<Void>
  private let limits: ClientLimits

  private init(
    _ connection: NIOLoopBound<ClientConnection>, closed: EventLoopFuture<Void>,
    limits: ClientLimits
  ) {
    loop = connection.eventLoop
    self.connection = connection
    self.closed = closed
    self.limits = limits
  }

  /// Connects.
  /// - Parameters:
  ///   - host: name or address.
  ///   - port: TCP port.
  ///   - group: event loops.
  ///   - timeout: how long to wait for the connection.
  /// - Throws: UNAVAILABLE when that fails.
  package static func connect(
    host: String, port: Int, group: any EventLoopGroup, timeout: Duration = .seconds(10)
  ) async throws(RPCError) -> RPCConnection {
    let configuration = ClientConfiguration()
    let loop = group.next()
    let connector = try ClientConnector(configuration, loop: loop)
    let addresses = try HostResolver.addresses(of: [.host(host, port: port)])
    guard let address = addresses.first else {
      throw RPCError(.unavailable, "\(host) has no address")
    }
    let result: Result<RPCConnection, RPCError> = await withCheckedContinuation { continuation in
      loop.execute {
        let closed = loop.makePromise(of: Void.self)
        connector.connect(to: address, timeout: TimeAmount(timeout)) { connection in
          connection.whenClosed = { closed.succeed(()) }
        } whenDone: { result in
          continuation.resume(
            returning: result.map {
              RPCConnection(
                NIOLoopBound($0, eventLoop: loop), closed: closed.futureResult,
                limits: configuration.limits)
            })
        }
      }
    }
    return try result.get()
  }

  /// Closes the connection; running calls fail.
  package func close() async {
    loop.execute {
      self.connection.value.fail(RPCError(.unavailable, "connection to the server was closed"))
    }
    await waitUntilClosed()
  }

  /// Completes when the connection is gone, whoever closed it.
  package func waitUntilClosed() async {
    await withCheckedContinuation { continuation in
      closed.whenComplete { _ in continuation.resume() }
    }
  }

  /// See ``RPCChannel``.
  package func unary(
    _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
  ) async throws(RPCError) -> UnaryReply {
    try await start(method, request, options).unaryReply()
  }

  /// See ``RPCChannel``.
  package func serverStreaming(
    _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
  ) async throws(RPCError) -> ResponseStream {
    start(method, request, options).responses
  }

  /// See ``RPCChannel``.
  package func open(
    _ method: MethodDescriptor, options: CallOptions
  ) async throws(RPCError) -> StreamingCall {
    start(method, nil, options).streamingCall
  }

  private func start(
    _ method: MethodDescriptor, _ request: MessageFrame?, _ options: CallOptions
  ) -> ClientStream {
    let call = ClientStream(method: method, options: options, limits: limits, loop: loop)
    let framed = request.map { call.framed($0) }
    loop.execute {
      call.begin(framed)
      self.connection.value.start(call)
    }
    return call
  }
}
