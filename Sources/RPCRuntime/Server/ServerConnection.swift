// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore

/// One client connection: moves bytes between the channel and the ``HTTP2Session``, gives events to the
/// streams, and enforces the limits. Everything happens on the channel's event loop.
final class ServerConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Fired into the pipeline to drain the connection.
  struct Drain: Sendable {}

  private enum Phase {
    case awaitingPreface
    case active
    /// Shutdown notice sent, waiting for the round trip that follows it.
    case announcingDrain
    case draining
    case closed
  }

  private let router: RPCRouter
  private let limits: ServerLimits
  private let logger: Logger
  private let executor: LoopExecutor
  private let loop: any EventLoop
  private let session: HTTP2Session
  private let openStreams: OpenStreams
  private var streams = StreamTable<ServerStream>()
  /// Bodies whose writer waits for the peer to read.
  private var waiting: [OutboundBody] = []
  private var context: ChannelHandlerContext?
  private var output = OutputQueue()
  private var phase = Phase.awaitingPreface
  private(set) var peer = ""
  private var runningHandlers = 0
  /// What running handlers hold beyond ``ServerLimits/plausibleInflation``, in bytes.
  private var implausibleBytes = 0
  private var isReading = false
  private var isFlushing = false
  private var flushIsScheduled = false
  private var timers: [Scheduled<Void>] = []
  /// Bytes handed to the channel.
  private var bytesWritten = 0
  /// What the socket had taken of them when ``lookForStall()`` last looked, and how often that was the same.
  private var bytesTaken = 0
  private var looksStalled = 0
  private var stallTimer: Scheduled<Void>?
  private var policing: ConnectionPolicing

  init(
    router: RPCRouter, limits: ServerLimits, loop: any EventLoop, logger: Logger,
    openStreams: OpenStreams
  ) throws(HTTP2Error) {
    self.openStreams = openStreams
    self.router = router
    self.limits = limits
    self.loop = loop
    self.logger = logger
    executor = LoopExecutor(loop)
    policing = ConnectionPolicing(limits, at: .now())
    var configuration = HTTP2SessionConfiguration(role: .server)
    configuration.maxConcurrentStreams = UInt32(limits.maxConcurrentStreams)
    configuration.maxHeaderListBytes = limits.maxHeaderListBytes
    configuration.streamWindow = Int32(limits.streamWindow)
    configuration.connectionWindow = Int32(limits.connectionWindow)
    configuration.maxContinuations = limits.maxContinuations
    configuration.maxQueuedAcks = limits.maxQueuedControlFrames
    session = try HTTP2Session(configuration)
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
    let bytes = unwrapInboundIn(data)
    if case .closed = phase { return }
    isReading = true
    do {
      unsafe try bytes.withUnsafeReadableBytes { all in
        var rest = unsafe all
        while try unsafe session.receiveBatch(&rest) {
          handleEvents()
          if case .closed = phase { return }
          // Frames of calls that were answered free what nghttp2 and the stream held.
          if context.channel.isWritable {
            try session.send(into: &output, limit: OutputQueue.chunk)
          }
        }
        handleEvents()
      }
      if let violation = policing.check(session, at: .now()) {
        close(.enhanceYourCalm, violation)
      }
    } catch {
      // nghttp2 has queued a GOAWAY where the RFC wants one.
      logger.debug("connection error", metadata: ["error": "\(error)"])
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

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is Drain {
      drain()
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    logger.debug("socket error", metadata: ["error": "\(error)"])
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    phase = .closed
    timers.forEach { $0.cancel() }
    timers = []
    stallTimer?.cancel()
    let open = streams.values
    streams.removeAll()
    openStreams.closed(open.count)
    waiting = []
    for stream in open { stream.closed() }
    self.context = nil
    context.fireChannelInactive()
  }

  // MARK: From the streams

  func respond(_ stream: StreamID, headers: HeaderList, body: OutboundBody?) {
    do throws(HTTP2Error) {
      try session.respond(to: stream, headers: headers, body: body)
    } catch {
      // A handler's metadata that HTTP/2 cannot carry; the caller gets a reset instead of silence.
      logger.debug("response refused", metadata: ["error": "\(error)"])
      session.reset(stream, .internalError)
    }
    scheduleFlush()
  }

  func resume(_ stream: StreamID, _ body: OutboundBody) {
    session.resume(stream, body)
    scheduleFlush()
  }

  /// Ends a response whose messages the peer does not take.
  func cutShort(_ stream: StreamID, trailers: HeaderList) {
    session.cutShort(stream, trailers: trailers)
    scheduleFlush()
  }

  /// A handler's metadata that is not sent.
  func isUnsendable(_ key: String) {
    logger.debug("metadata left out", metadata: ["key": "\(key)"])
  }

  func isWaiting(_ body: OutboundBody) {
    waiting.append(body)
  }

  /// Lets the peer send more on a stream whose messages were read.
  func credit(_ count: Int, _ stream: StreamID) {
    session.consumeStream(count, on: stream)
    scheduleFlush()
  }

  /// Claims a handler slot.
  /// - Returns: where to run it; nil when all slots are taken.
  func handlerStarts() -> LoopExecutor? {
    guard runningHandlers < limits.maxRunningHandlers else { return nil }
    runningHandlers += 1
    return executor
  }

  func handlerEnds() {
    runningHandlers -= 1
  }

  /// A call ends without a handler.
  func rejected(_ path: @autoclosure () -> String, _ error: RPCError) {
    router.rejected(path(), peer: peer, .status(error))
  }

  /// A handler holds so many decompressed bytes more, or less, that their compressed size does not warrant.
  /// - Returns: false when that is too much.
  func holdsImplausible(_ bytes: Int) -> Bool {
    implausibleBytes += bytes
    return implausibleBytes <= limits.maxImplausibleBytes
  }

  // MARK: Events

  private func handleEvents() {
    let events = session.takeEvents()
    for event in events {
      // Events that came with the one that closed the connection: a call begun now would never end.
      if case .closed = phase { return }
      handle(event)
    }
    session.reuse(events)
  }

  private func handle(_ event: HTTP2Event) {
    switch event {
    case .headers(let id, let headers, let endStream):
      open(id, headers, endStream)
    case .headersTooLarge(let id):
      streams[id]?.finish(Self.headersTooLarge)
      if streams[id] == nil { reject(id, HeaderList(), .rpc(Self.headersTooLarge)) }
    case .data(let id, let bytes):
      receivedData(id, bytes)
    case .endStream(let id):
      streams[id]?.receivedEndStream()
    case .streamClosed(let id, let code):
      if code != .noError { policing.streamReset() }
      if let stream = streams.remove(id) {
        openStreams.closed(1)
        stream.closed()
      }
    case .settings:
      if case .awaitingPreface = phase { phase = .active }
    case .ping(let isAck):
      if isAck {
        finishDrainAnnouncement()
      } else if policing.receivedPing(dataFramesSent: session.dataFramesSent, at: .now()) {
        close(.enhanceYourCalm, "too_many_pings")
      }
    case .goAway:
      // The client opens no more streams; nghttp2 ends the connection after the last one.
      break
    }
  }

  private static let headersTooLarge = RPCError(
    .resourceExhausted, "request headers are larger than the server accepts")

  private func open(_ id: StreamID, _ headers: HeaderList, _ endStream: Bool) {
    policing.streamOpened()
    let head: RequestHead
    do throws(RequestHead.Rejection) {
      head = try RequestHead(headers, router)
    } catch {
      return reject(id, headers, error)
    }
    let stream = ServerStream(
      id: id, head: head, limits: limits, connection: self, loop: loop)
    streams.insert(stream, for: id)
    openStreams.opened()
    stream.receivedHeaders()
    if endStream { stream.receivedEndStream() }
  }

  private func reject(
    _ id: StreamID, _ headers: HeaderList, _ rejection: RequestHead.Rejection
  ) {
    switch rejection {
    case .http(var answer):
      router.rejected(headers[":path"] ?? "", peer: peer, .http(answer[":status"] ?? ""))
      answer.append("content-type", "text/plain; charset=utf-8")
      // RFC 9110 §9.3.2: the answer to HEAD has no content.
      guard headers[":method"] != "HEAD" else {
        return respond(id, headers: answer, body: nil)
      }
      let body = OutboundBody()
      body.append(ByteBuffer(string: "This server speaks gRPC: POST with application/grpc.\n"))
      body.end = .endStream
      respond(id, headers: answer, body: body)
    case .rpc(let error):
      rejected(headers[":path"] ?? "", error)
      let headers: HeaderList = [
        ":status": "200", "content-type": "application/grpc",
        "grpc-status": String(error.code.rawValue),
        "grpc-message": PercentEncoding.encode(error.message),
        "grpc-accept-encoding": MessageEncoding.accepted,
      ]
      respond(id, headers: headers, body: nil)
    }
  }

  private func receivedData(_ id: StreamID, _ bytes: ByteBuffer) {
    guard let stream = streams[id] else {
      return session.consume(bytes.readableBytes, on: id)
    }
    let messages = stream.messagesReceived
    let credit = stream.receivedData(bytes)
    // Those that are not read fill the stream's window.
    if bytes.readableBytes < Inbox.smallData, stream.messagesReceived > messages {
      policing.receivedMessage()
    }
    if credit == bytes.readableBytes {
      session.consume(credit, on: id)
    } else {
      // One handler that does not read must not close the connection's window for the others.
      session.consumeConnection(bytes.readableBytes)
      session.consumeStream(credit, on: id)
    }
    // Below its share no stream can be the one that is too much, and most requests stay below.
    guard
      stream.unfinishedRequestBytes > limits.maxBufferedRequestBytes
        / max(1, limits.maxConcurrentStreams)
    else { return }
    let total = streams.values.reduce(0) { $0 + $1.unfinishedRequestBytes }
    if total > limits.maxBufferedRequestBytes {
      stream.finish(
        RPCError(.resourceExhausted, "this connection's unfinished requests are too large"))
    }
  }

  // MARK: Writing

  private func scheduleFlush() {
    // While reading, everything is flushed once at the end of the burst.
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
      bytesWritten += try output.write(from: session, to: context)
    } catch {
      logger.debug("cannot send", metadata: ["error": "\(error)"])
      return context.close(promise: nil)
    }
    handleEvents()
    resumeWaitingStreams()
    if session.queuedFrames > limits.maxQueuedControlFrames {
      logger.debug("peer does not read control frames; closing")
      context.close(promise: nil)
    } else if !session.wantsRead && !session.wantsWrite {
      context.close(promise: nil)
    }
  }

  private func resumeWaitingStreams() {
    guard !waiting.isEmpty else { return }
    let enough = limits.maxPendingBytesPerStream / 2
    waiting.removeAll { body in
      if body.queuedBytes <= enough { body.resumeWriter(true) }
      return !body.hasWriter
    }
  }

  /// CVE-2019-9511, CVE-2019-9517: a peer that opens windows but never reads its socket. Looks twice in
  /// ``ServerLimits/writeStallTimeout``, so that no write has to set a timer.
  private func watchForStalls() {
    let half = TimeAmount.nanoseconds(max(1, limits.writeStallTimeout.nanoseconds / 2))
    stallTimer = loop.assumeIsolated().scheduleTask(in: half) { try self.lookForStall() }
  }

  private func lookForStall() throws {
    guard let context else { return }
    let options = context.channel.syncOptions
    let waiting = try options?.getOption(ChannelOptions.bufferedWritableBytes) ?? 0
    let taken = bytesWritten - waiting
    looksStalled = waiting > 0 && taken == bytesTaken ? looksStalled + 1 : 0
    bytesTaken = taken
    guard looksStalled < 2 else { return context.close(promise: nil) }
    watchForStalls()
  }

  // MARK: Beginning and end

  private func start(_ context: ChannelHandlerContext) {
    guard self.context == nil else { return }
    self.context = context
    peer = context.remoteAddress.map(Self.describe) ?? "unknown"
    let isolated = loop.assumeIsolated()
    watchForStalls()
    timers.append(
      isolated.scheduleTask(in: limits.prefaceTimeout) {
        if case .awaitingPreface = self.phase { self.close(.settingsTimeout, "no preface") }
      })
    if let age = limits.maxConnectionAge {
      let jitter = Double.random(in: 0.9...1.1)
      timers.append(
        isolated.scheduleTask(in: .nanoseconds(Int64(Double(age.nanoseconds) * jitter))) {
          self.drain()
        })
    }
    flush()
  }

  private static func describe(_ address: SocketAddress) -> String {
    guard let ip = address.ipAddress, let port = address.port else { return "unix" }
    return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
  }

  /// Two steps, so that requests already under way are served (RFC 9113 §6.8): GOAWAY(2^31−1), a round
  /// trip, GOAWAY(last stream); the connection closes after its last call or the grace period.
  private func drain() {
    switch phase {
    case .awaitingPreface, .active: break
    case .announcingDrain, .draining, .closed: return
    }
    phase = .announcingDrain
    session.submitShutdownNotice()
    session.ping()
    flush()
    let isolated = loop.assumeIsolated()
    // A peer that does not answer the PING is not waited for.
    timers.append(isolated.scheduleTask(in: .seconds(1)) { self.finishDrainAnnouncement() })
    timers.append(
      isolated.scheduleTask(in: limits.drainGrace) { self.context?.close(promise: nil) })
  }

  private func finishDrainAnnouncement() {
    guard case .announcingDrain = phase else { return }
    phase = .draining
    session.goAway(.noError)
    scheduleFlush()
  }

  private func close(_ code: HTTP2ErrorCode, _ reason: String) {
    guard let context else { return }
    logger.debug("closing connection", metadata: ["reason": "\(reason)", "peer": "\(peer)"])
    session.goAway(code, debugData: reason)
    flush()
    phase = .closed
    context.close(promise: nil)
  }
}
