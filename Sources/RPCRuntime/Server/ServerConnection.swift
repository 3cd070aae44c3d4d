// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore

/// One client connection: moves bytes between the channel and the ``HTTP2Session``, gives events to the
/// streams, and enforces the limits. Everything happens on the channel's event loop.
final class ServerConnection: ChannelInboundHandler, CallTransport {
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

  /// How long a draining connection waits for the peer to have heard of it, within the grace. Who is asked
  /// to go before that may have begun calls that are then refused.
  private static let longestRoundTrip = TimeAmount.seconds(10)

  let router: RPCRouter
  let origins: WebOrigins
  private let limits: ServerLimits
  let logger: Logger
  let executor: LoopExecutor
  private let loop: any EventLoop
  private let session: HTTP2Session
  private let openStreams: OpenStreams
  private var streams = StreamTable<ServerStream>()
  private let writer: ConnectionWriter
  private var context: ChannelHandlerContext?
  private var phase = Phase.awaitingPreface
  private(set) var peer = ""
  /// Who the client proved to be by its certificate.
  let peerIdentity: PeerIdentity?
  var handlers: HandlerQuota
  private var timers: [Scheduled<Void>] = []
  /// What the socket had taken of the bytes written when ``lookForStall()`` last looked, and how often that was the same.
  private var bytesTaken = 0
  private var looksStalled = 0
  private var stallTimer: Scheduled<Void>?
  private var policing: ConnectionPolicing
  private var requestBudget: RequestBudget
  private var life: ConnectionLife
  private var lifeTimer: Scheduled<Void>?
  /// PINGs of ours that the peer has not answered.
  private var unansweredPings = 0

  init(
    router: RPCRouter, limits: ServerLimits, origins: WebOrigins, loop: any EventLoop,
    logger: Logger, openStreams: OpenStreams, peerIdentity: PeerIdentity? = nil
  ) throws(HTTP2Error) {
    self.openStreams = openStreams
    self.router = router
    self.origins = origins
    self.limits = limits
    self.loop = loop
    self.logger = logger
    self.peerIdentity = peerIdentity
    writer = ConnectionWriter(loop: loop)
    executor = LoopExecutor(loop)
    handlers = HandlerQuota(limits)
    let now = NIODeadline.now()
    policing = ConnectionPolicing(limits, at: now)
    requestBudget = RequestBudget(limits)
    life = ConnectionLife(limits, jitter: .random(in: 0.9...1.1), at: now)
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
    writer.isReading = true
    do {
      unsafe try bytes.withUnsafeReadableBytes { all in
        var rest = unsafe all
        while try unsafe session.receiveBatch(&rest) {
          handleEvents()
          if case .closed = phase { return }
          // Frames of calls that were answered free what nghttp2 and the stream held.
          if context.channel.isWritable {
            try writer.collect(from: session)
          }
        }
        handleEvents()
      }
      let now = NIODeadline.now()
      life.received(at: now)
      if let violation = policing.check(session, at: now) {
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
    writer.isReading = false
    flush()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { flush() }
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is Drain {
      drain(grace: limits.drainGrace)
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
    lifeTimer?.cancel()
    let open = streams.values
    streams.removeAll()
    openStreams.closed(open.count)
    writer.dropWaiting()
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

  func cutShort(_ stream: StreamID, trailers: HeaderList?) {
    if let trailers {
      session.cutShort(stream, trailers: trailers)
    } else {
      session.reset(stream, .cancel)
    }
    scheduleFlush()
  }

  func isWaiting(_ body: OutboundBody) {
    writer.isWaiting(body)
  }

  func credit(_ count: Int, _ stream: StreamID) {
    session.consumeStream(count, on: stream)
    scheduleFlush()
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
    releaseHeldCredit()
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
      if streams.count == 0, life.watchesIdleness { life.becameIdle(at: .now()) }
    case .settings:
      if case .awaitingPreface = phase { phase = .active }
    case .ping(let isAck):
      if isAck {
        receivedPingAnswer()
      } else if policing.receivedPing(
        answersSent: session.answerFramesSent, hasCalls: streams.count > 0, at: .now())
      {
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
    life.streamOpened()
    let head: RequestHead
    do throws(RequestHead.Rejection) {
      head = try RequestHead(headers, router, origins)
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

  private func receivedData(_ id: StreamID, _ bytes: ByteBuffer) {
    guard let stream = streams[id] else {
      return session.consume(bytes.readableBytes, on: id)
    }
    let messages = stream.messagesReceived
    let earned = stream.receivedData(bytes)
    let credit = requestBudget.admit(
      earned, for: id, unfinished: stream.unfinishedRequestBytes, total: unfinishedRequestBytes)
    // Those that are not read fill the stream's window.
    if bytes.readableBytes < Inbox.smallData, stream.messagesReceived > messages {
      policing.receivedMessage()
    }
    if credit == bytes.readableBytes {
      session.consume(credit, on: id)
    } else {
      // One stream whose credit is held back must not close the connection's window for the others.
      session.consumeConnection(bytes.readableBytes)
      session.consumeStream(credit, on: id)
    }
  }

  private var unfinishedRequestBytes: Int {
    streams.values.reduce(0) { $0 + $1.unfinishedRequestBytes }
  }

  private func releaseHeldCredit() {
    guard requestBudget.holdsCredit else { return }
    let released = requestBudget.release(total: unfinishedRequestBytes) {
      streams[$0]?.unfinishedRequestBytes
    }
    for (stream, credit) in released { session.consumeStream(credit, on: stream) }
  }

  private func endStuckRequest() {
    guard let stuck = requestBudget.looksStuck({ streams[$0]?.unfinishedRequestBytes }) else {
      return
    }
    streams[stuck]?.finish(
      RPCError(.resourceExhausted, "the request does not come, and others wait for its room"))
    releaseHeldCredit()
    scheduleFlush()
  }

  // MARK: Writing

  private func scheduleFlush() {
    writer.schedule { self.flush() }
  }

  private func flush() {
    guard let context else { return }
    writer.turn { flush(to: context) }
  }

  private func flush(to context: ChannelHandlerContext) {
    do throws(HTTP2Error) {
      try writer.write(from: session, to: context)
    } catch {
      logger.debug("cannot send", metadata: ["error": "\(error)"])
      return context.close(promise: nil)
    }
    handleEvents()
    writer.resumeWaiting(below: limits.maxPendingBytesPerStream / 2)
    if session.queuedFrames > limits.maxQueuedControlFrames {
      logger.debug("peer does not read control frames; closing")
      context.close(promise: nil)
    } else if !session.wantsRead && !session.wantsWrite {
      closeAfterLastWrite(context)
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
    let taken = writer.bytesWritten - waiting
    looksStalled = waiting > 0 && taken == bytesTaken ? looksStalled + 1 : 0
    bytesTaken = taken
    guard looksStalled < 2 else { return context.close(promise: nil) }
    endStuckRequest()
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
    watchLife()
    flush()
  }

  /// As ``ServerContext/peer`` says it.
  static func describe(_ address: SocketAddress) -> String {
    guard let ip = address.ipAddress, let port = address.port else { return "unix" }
    return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
  }

  private func watchLife() {
    lifeTimer?.cancel()
    let next = life.nextLook(after: .now())
    lifeTimer = loop.assumeIsolated().scheduleTask(deadline: next) { self.lookAtLife() }
  }

  private func lookAtLife() {
    switch life.look(at: .now()) {
    case .nothing: break
    case .ping:
      ping()
      flush()
    case .drain(let grace, let reason):
      logger.debug("draining connection", metadata: ["reason": "\(reason)", "peer": "\(peer)"])
      drain(grace: grace)
    case .endCalls: endCalls()
    case .close(let reason):
      logger.debug("closing connection", metadata: ["reason": "\(reason)", "peer": "\(peer)"])
      context?.close(promise: nil)
    }
    if context != nil { watchLife() }
  }

  private func ping() {
    unansweredPings += 1
    session.ping()
  }

  private func receivedPingAnswer() {
    guard unansweredPings > 0 else { return }
    unansweredPings -= 1
    if unansweredPings == 0 { finishDrainAnnouncement() }
  }

  /// Two steps, so that requests already under way are served (RFC 9113 §6.8): GOAWAY(2^31−1), a round
  /// trip, GOAWAY(last stream); the connection closes after its last call, which the grace period ends.
  private func drain(grace: TimeAmount) {
    if case .closed = phase { return }
    life.drains(grace: grace, at: .now())
    watchLife()
    switch phase {
    case .awaitingPreface, .active: break
    case .announcingDrain, .draining, .closed: return
    }
    phase = .announcingDrain
    session.submitShutdownNotice()
    ping()
    flush()
    timers.append(
      loop.assumeIsolated().scheduleTask(in: Self.longestRoundTrip) {
        self.finishDrainAnnouncement()
      })
  }

  private func finishDrainAnnouncement() {
    guard case .announcingDrain = phase else { return }
    phase = .draining
    session.goAway(.noError)
    scheduleFlush()
  }

  /// The grace is over: callers get a status instead of a lost connection.
  private func endCalls() {
    finishDrainAnnouncement()
    for stream in streams.values { stream.finish(Self.connectionEnds) }
    flush()
  }

  private static let connectionEnds = RPCError(
    .unavailable, "the server ends this connection; call again")

  /// Closes once the socket has taken everything: closing at once would drop what waits. First this end
  /// only, because a close while the peer still sends resets the connection, which could cost the peer
  /// the last answers.
  private func closeAfterLastWrite(_ context: ChannelHandlerContext) {
    if case .closed = phase { return }
    phase = .closed
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { _ in
      guard let context = self.context else { return }
      // Before it closes, which may be the end of all timers.
      self.timers.append(
        self.loop.assumeIsolated().scheduleTask(in: .seconds(1)) {
          self.context?.close(promise: nil)
        })
      context.close(mode: .output, promise: nil)
    }
    context.writeAndFlush(NIOAny(ByteBuffer()), promise: written)
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
