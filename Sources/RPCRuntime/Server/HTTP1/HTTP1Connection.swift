// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOHTTP1

/// A connection that speaks HTTP/1.1, as browsers do to a cleartext port: gRPC-Web calls, one after the
/// other, and the browser's questions before them. Everything happens on the channel's event loop.
///
/// NIOHTTP1's handlers before it decode, encode, and hold back a request that comes before the last one was
/// answered.
final class HTTP1Connection: ChannelDuplexHandler, CallTransport {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  /// A request and its response.
  private struct Exchange {
    let version: HTTPVersion
    let keepsAlive: Bool
    /// nil when the request was refused.
    var stream: ServerStream?
    /// nil until there is a response with a body.
    var body: OutboundBody?
    var requestHasEnded = false
    var responseHasBegun = false
    var responseHasEnded = false
  }

  /// The one stream there is.
  private static let stream: StreamID = 1
  /// Body bytes handed to the channel at once.
  private static let chunk = 64 * 1024

  let router: RPCRouter
  private let limits: ServerLimits
  let origins: WebOrigins
  private let scheme: String
  let logger: Logger
  private let openStreams: OpenStreams
  private let loop: any EventLoop
  let executor: LoopExecutor
  private var context: ChannelHandlerContext?
  private(set) var peer = ""
  let peerIdentity: PeerIdentity?
  private var exchange: Exchange?
  private var isDraining = false
  /// True when no further request is answered.
  private var isClosing = false
  /// The end of the last response.
  private var lastWrite: EventLoopFuture<Void>?
  var handlers: HandlerQuota
  /// Request bytes whose credit was not given back.
  private var uncredited = 0
  private var heldRead = false
  /// Body bytes that came after the answer.
  private var lateBytes = 0
  private var isPumping = false
  private var pumpIsScheduled = false
  /// True while a writer waits for the body to sink.
  private var hasWaitingWriter = false
  private var stallTimer: Scheduled<Void>?
  private var requestTimer: Scheduled<Void>?
  private var graceTimer: Scheduled<Void>?
  private var progress = Progress()

  /// Looked at twice in ``ServerLimits/writeStallTimeout``.
  private struct Progress: Equatable {
    var received = 0
    var written = 0
    var taken = 0
  }
  private var lastProgress = Progress()
  private var looksStalled = 0

  /// - Parameter scheme: `http`, or `https` behind TLS.
  init(
    router: RPCRouter, limits: ServerLimits, origins: WebOrigins, scheme: String,
    loop: any EventLoop, logger: Logger, openStreams: OpenStreams, peerIdentity: PeerIdentity?
  ) {
    self.peerIdentity = peerIdentity
    self.openStreams = openStreams
    self.router = router
    self.limits = limits
    self.origins = origins
    self.scheme = scheme
    self.loop = loop
    self.logger = logger
    executor = LoopExecutor(loop)
    handlers = HandlerQuota(limits)
  }

  /// Makes the pipeline of a connection that speaks HTTP/1.1, its end first.
  func add(to pipeline: ChannelPipeline.SynchronousOperations) throws {
    var limit = NIOHTTPDecoderLimitConfiguration()
    limit.maxHeaderFieldSize = limits.maxHeaderListBytes
    limit.maxHeaderListSize = limits.maxHeaderListBytes
    try pipeline.addHandlers([
      HTTPResponseEncoder(),
      ByteToMessageHandler(
        HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limit)),
      HTTPServerPipelineHandler(), HTTPServerProtocolErrorHandler(), self,
    ])
  }

  // MARK: Channel events

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { start(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    start(context)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): receivedHead(head)
    case .body(let bytes): receivedBody(bytes)
    case .end: receivedEnd()
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    pump()
    context.fireChannelReadComplete()
  }

  /// A handler that does not read stops the peer: nothing is read from its socket.
  func read(context: ChannelHandlerContext) {
    if uncredited < limits.streamWindow {
      context.read()
    } else {
      heldRead = true
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { pump() }
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ServerConnection.Drain {
      drain()
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    logger.debug("HTTP/1.1 connection error", metadata: ["error": "\(error)"])
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    for timer in [stallTimer, requestTimer, graceTimer] { timer?.cancel() }
    self.context = nil
    let open = exchange
    exchange = nil
    close(open?.stream)
    context.fireChannelInactive()
  }

  // MARK: Requests

  private func receivedHead(_ head: HTTPRequestHead) {
    requestTimer?.cancel()
    guard !isClosing else { return }
    // Only chunks tell where a body ends before the connection does.
    exchange = Exchange(
      version: head.version, keepsAlive: head.isKeepAlive && head.version == .http1_1)
    uncredited = 0
    lateBytes = 0
    let headers = HeaderList(head, scheme: scheme)
    // RFC 9112 §3.2: exactly one Host.
    guard head.headers["host"].count == 1 || head.version != .http1_1 else {
      return reject(Self.stream, headers, .http([":status": "400"]))
    }
    let request: RequestHead
    do throws(RequestHead.Rejection) {
      request = try RequestHead(headers, router, origins)
    } catch {
      return reject(Self.stream, headers, error)
    }
    guard request.web != nil else {
      // gRPC itself needs HTTP/2.
      return reject(Self.stream, headers, .http([":status": "415"]))
    }
    if head.headers[canonicalForm: "expect"].contains("100-continue"), let context {
      let goOn = HTTPResponseHead(version: head.version, status: .continue)
      context.writeAndFlush(wrapOutboundOut(.head(goOn)), promise: nil)
    }
    let stream = ServerStream(
      id: Self.stream, head: request, limits: limits, connection: self, loop: loop)
    exchange?.stream = stream
    openStreams.opened()
    stream.receivedHeaders()
  }

  private func receivedBody(_ bytes: ByteBuffer) {
    progress.received += bytes.readableBytes
    guard let exchange else { return }
    if exchange.responseHasEnded {
      // Closing now could take the answer away from a peer that still sends; it may go on for a while.
      lateBytes += bytes.readableBytes
      if lateBytes > limits.maxMessageBytes { context?.close(promise: nil) }
    }
    guard let stream = exchange.stream else { return }
    uncredited += bytes.readableBytes
    credit(stream.receivedData(bytes), Self.stream)
  }

  private func receivedEnd() {
    exchange?.requestHasEnded = true
    exchange?.stream?.receivedEndStream()
    guard let answered = exchange, answered.responseHasEnded else { return }
    exchange = nil
    isOver(answered)
  }

  // MARK: From the stream

  func respond(_ stream: StreamID, headers: HeaderList, body: OutboundBody?) {
    guard let context, let exchange, !exchange.responseHasBegun else { return }
    self.exchange?.responseHasBegun = true
    self.exchange?.body = body
    var head = HTTPResponseHead(headers, version: exchange.version)
    if body == nil, head.status != .noContent {
      head.headers.replaceOrAdd(name: "content-length", value: "0")
    }
    if !exchange.keepsAlive || isDraining {
      head.headers.replaceOrAdd(name: "connection", value: "close")
    }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if body == nil { endResponse(context) } else { schedulePump() }
  }

  func resume(_ stream: StreamID, _ body: OutboundBody) {
    schedulePump()
  }

  func isWaiting(_ body: OutboundBody) {
    hasWaitingWriter = true
  }

  /// A body in chunks has no other end than the last chunk: without it, the peer knows that it is not whole.
  func cutShort(_ stream: StreamID, trailers: HeaderList?) {
    context?.close(promise: nil)
  }

  func credit(_ count: Int, _ stream: StreamID) {
    uncredited = max(0, uncredited - count)
    if heldRead, uncredited < limits.streamWindow {
      heldRead = false
      context?.read()
    }
  }

  // MARK: Responses

  private func schedulePump() {
    guard !pumpIsScheduled else { return }
    pumpIsScheduled = true
    loop.assumeIsolated().execute {
      self.pumpIsScheduled = false
      self.pump()
    }
  }

  /// Moves what the body holds to the channel, as long as that takes it.
  private func pump() {
    guard let context, !isPumping, let body = exchange?.body, exchange?.responseHasEnded == false
    else { return }
    isPumping = true
    defer { isPumping = false }
    while body.queuedBytes > 0, context.channel.isWritable {
      let count = min(body.queuedBytes, Self.chunk)
      var output = OutputQueue()
      body.move(count, to: &output)
      for buffer in output.buffers {
        context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
      }
      progress.written += count
      context.flush()
    }
    if hasWaitingWriter, body.queuedBytes <= limits.maxPendingBytesPerStream / 2 {
      hasWaitingWriter = false
      body.resumeWriter(true)
    }
    if body.queuedBytes == 0, case .endStream = body.end {
      endResponse(context)
    } else {
      context.flush()
    }
  }

  private func endResponse(_ context: ChannelHandlerContext) {
    guard var answered = exchange else { return }
    answered.responseHasEnded = true
    exchange = answered.requestHasEnded ? nil : answered
    isClosing = isClosing || !answered.keepsAlive || isDraining
    let written = context.eventLoop.makePromise(of: Void.self)
    lastWrite = written.futureResult
    // A request that waits comes in the middle of this write.
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    if answered.requestHasEnded { isOver(answered) }
  }

  /// Makes ready for the next request, or closes.
  private func isOver(_ answered: Exchange) {
    close(answered.stream)
    if isClosing {
      closeWhenWritten()
    } else if exchange == nil {
      awaitRequest(limits.keepAliveTimeout)
    }
  }

  private func close(_ stream: ServerStream?) {
    guard let stream else { return }
    openStreams.closed(1)
    stream.closed()
  }

  private func closeWhenWritten() {
    isClosing = true
    guard let lastWrite else {
      context?.close(promise: nil)
      return
    }
    lastWrite.assumeIsolated().whenComplete { _ in self.context?.close(promise: nil) }
  }

  // MARK: Beginning and end

  private func start(_ context: ChannelHandlerContext) {
    guard self.context == nil else { return }
    self.context = context
    peer = context.remoteAddress.map(ServerConnection.describe) ?? "unknown"
    awaitRequest(limits.prefaceTimeout)
    watchForStalls()
  }

  private func awaitRequest(_ limit: TimeAmount) {
    requestTimer?.cancel()
    requestTimer = loop.assumeIsolated().scheduleTask(in: limit) {
      if self.exchange == nil { self.context?.close(promise: nil) }
    }
  }

  /// A peer that neither sends the rest of its request nor takes its response.
  private func watchForStalls() {
    let half = TimeAmount.nanoseconds(max(1, limits.writeStallTimeout.nanoseconds / 2))
    stallTimer = loop.assumeIsolated().scheduleTask(in: half) { try self.lookForStall() }
  }

  private func lookForStall() throws {
    guard let context else { return }
    let waiting =
      try context.channel.syncOptions?.getOption(ChannelOptions.bufferedWritableBytes) ?? 0
    progress.taken = progress.written - waiting
    let isDue = waiting > 0 || (exchange?.requestHasEnded == false && !heldRead)
    looksStalled = isDue && progress == lastProgress ? looksStalled + 1 : 0
    lastProgress = progress
    guard looksStalled < 2 else { return context.close(promise: nil) }
    watchForStalls()
  }

  /// A call that runs may finish within the grace period.
  private func drain() {
    guard !isDraining else { return }
    isDraining = true
    guard exchange != nil else { return closeWhenWritten() }
    graceTimer = loop.assumeIsolated().scheduleTask(in: limits.drainGrace) {
      self.context?.close(promise: nil)
    }
  }
}
