// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The channel handler of a client connection: bytes ↔ ``HTTP2Session`` ↔ ``ClientStream``s, on one loop.
final class ClientConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let loop: any EventLoop
  private let session: HTTP2Session
  private var streams = StreamTable<ClientStream>()
  private var context: ChannelHandlerContext?
  private var output = OutputQueue()
  /// Bodies whose writer waits for the server to read.
  private var waiting: [OutboundBody] = []
  private var isReading = false
  private var isFlushing = false
  private var flushIsScheduled = false
  private var isGoingAway = false

  init(loop: any EventLoop) throws(HTTP2Error) {
    self.loop = loop
    session = try HTTP2Session(HTTP2SessionConfiguration(role: .client))
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { start(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    start(context)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    isReading = true
    do {
      let events = unsafe try bytes.withUnsafeReadableBytes { try unsafe session.receive($0) }
      for event in events { handle(event) }
      session.reuse(events)
    } catch {
      flush()
      context.close(promise: nil)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    flush()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { flush() }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // `channelInactive` tells the callers.
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    let open = streams.values
    streams.removeAll()
    for stream in open {
      stream.connectionLost(RPCError(.unavailable, "connection to the server was lost"))
    }
    context.fireChannelInactive()
  }

  /// Starts a call; failures reach the stream.
  func start(
    _ stream: ClientStream, headers: HeaderList, body: OutboundBody, deadline: NIODeadline?
  ) {
    guard context != nil, !isGoingAway else {
      return stream.connectionLost(RPCError(.unavailable, "connection to the server is closed"))
    }
    do throws(HTTP2Error) {
      let id = try session.request(headers: headers, body: body)
      streams.insert(stream, for: id)
      stream.started(on: self, as: id, deadline: deadline)
    } catch {
      stream.connectionLost(RPCError(.unavailable, "call could not be started: \(error)"))
    }
    scheduleFlush()
  }

  func credit(_ count: Int, _ id: StreamID) {
    session.consumeStream(count, on: id)
    scheduleFlush()
  }

  func resume(_ id: StreamID, _ body: OutboundBody) {
    session.resume(id, body)
    scheduleFlush()
  }

  func isWaiting(_ body: OutboundBody) {
    waiting.append(body)
  }

  func reset(_ id: StreamID) {
    session.reset(id, .cancel)
    scheduleFlush()
  }

  private func handle(_ event: HTTP2Event) {
    switch event {
    case .headers(let id, let headers, let endStream):
      streams[id]?.receivedHeaders(headers, endStream: endStream)
    case .headersTooLarge(let id):
      session.reset(id, .cancel)
      streams[id]?.connectionLost(
        RPCError(.resourceExhausted, "response headers are larger than allowed"))
    case .data(let id, let bytes):
      // One slow reader must not close the connection's window for the others.
      session.consumeConnection(bytes.readableBytes)
      streams[id]?.receivedData(bytes)
    case .endStream(let id): streams[id]?.receivedEndStream()
    case .streamClosed(let id, let code): streams.remove(id)?.closed(code)
    case .goAway: isGoingAway = true
    case .settings, .ping: break
    }
  }

  private func start(_ context: ChannelHandlerContext) {
    guard self.context == nil else { return }
    self.context = context
    flush()
  }

  private func scheduleFlush() {
    guard !isReading, !flushIsScheduled else { return }
    flushIsScheduled = true
    loop.assumeIsolated().execute {
      self.flushIsScheduled = false
      self.flush()
    }
  }

  private func flush() {
    guard let context, !isFlushing else { return }
    isFlushing = true
    defer { isFlushing = false }
    do throws(HTTP2Error) {
      // Again when the socket took so much that the channel is writable once more: its event for that
      // came in the middle of this.
      _ = try output.write(from: session, to: context)
    } catch {
      return context.close(promise: nil)
    }
    let events = session.takeEvents()
    for event in events { handle(event) }
    session.reuse(events)
    waiting.removeAll { body in
      if body.queuedBytes <= ClientStream.maxPendingBytes / 2 { body.resumeWriter(true) }
      return !body.hasWriter
    }
    if !session.wantsRead && !session.wantsWrite { context.close(promise: nil) }
  }

}
