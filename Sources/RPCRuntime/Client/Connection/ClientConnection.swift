// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL
import NIOTLS

/// The channel handler of a client connection: bytes ↔ ``HTTP2Session`` ↔ ``ClientStream``s, on one loop.
final class ClientConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  enum Security {
    case cleartext
    /// - verifiedName: the certificate must carry it; nil: NIOSSL's own checks are enough.
    case tls(verifiedName: String?)
  }

  private enum Phase {
    /// Until the server's SETTINGS.
    case connecting((RPCError?) -> Void)
    case ready
    /// No new calls; closes after the last one.
    case draining
    case closed
  }

  private let loop: any EventLoop
  private let authority: String
  private let security: Security
  private let limits: ClientLimits
  private let session: HTTP2Session
  private var phase: Phase
  private var streams = StreamTable<ClientStream>()
  /// Calls for which the server has no room yet.
  private let queue: CallQueue
  private var context: ChannelHandlerContext?
  private let writer: ConnectionWriter
  /// False while the socket connects and TLS shakes hands.
  private var isStarted = false
  /// Why this end closes the connection.
  private var reason: RPCError?
  private var keepalive: KeepaliveStateMachine?
  private var keepaliveTimer: Scheduled<Void>?
  private var idleTimer: Scheduled<Void>?
  private var callsStarted = 0
  /// What it was when idleness was last looked for, and how often it was the same without a call running.
  private var callsSeen = 0
  private var looksIdle = 0
  /// Told of what happens once the connection is ready.
  var subchannel: Subchannel?
  /// Called once, when the connection is gone.
  var whenClosed: (() -> Void)?
  /// True when a call came to its end, whatever its status.
  private(set) var wasUseful = false

  /// - Parameter whenReady: called once: with nil when the server has spoken HTTP/2, with the reason when that
  ///   will not be.
  init(
    authority: String, _ security: Security, limits: ClientLimits, loop: any EventLoop,
    whenReady: @escaping (RPCError?) -> Void
  ) throws(HTTP2Error) {
    self.loop = loop
    self.authority = authority
    self.security = security
    self.limits = limits
    writer = ConnectionWriter(loop: loop)
    queue = CallQueue(limit: limits.maxWaitingCalls)
    var configuration = HTTP2SessionConfiguration(role: .client)
    configuration.maxHeaderListBytes = limits.maxHeaderListBytes
    configuration.maxContinuations = limits.maxContinuations
    configuration.maxQueuedAcks = limits.maxQueuedControlFrames
    configuration.streamWindow = Int32(limits.streamWindow)
    configuration.connectionWindow = Int32(limits.connectionWindow)
    session = try HTTP2Session(configuration)
    phase = .connecting(whenReady)
  }

  // MARK: Channel events

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive, !usesTLS { start() }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    if !usesTLS { start() }
    context.fireChannelActive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .handshakeCompleted(let negotiated) = event as? TLSUserEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    if let objection = objection(negotiated, context) {
      reason = RPCError(.unavailable, objection)
      context.close(promise: nil)
    } else {
      start()
    }
  }

  /// What is wrong with a TLS handshake that succeeded.
  private func objection(_ negotiated: String?, _ context: ChannelHandlerContext) -> String? {
    // RFC 9113 §3.2: HTTP/2 over TLS is agreed upon by ALPN and by nothing else.
    guard negotiated == ClientTLS.applicationProtocol else {
      return "the server does not offer HTTP/2 (ALPN h2)"
    }
    guard case .tls(let name?) = security else { return nil }
    // NIOSSL is content with a certificate for the address that a name led to, which need not be the name's
    // owner's.
    let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
    if let certificate = handler?.peerCertificate, certificate.isIssued(to: name) { return nil }
    return "the server's certificate is not for \(name)"
  }

  private var usesTLS: Bool {
    if case .tls = security { true } else { false }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    writer.isReading = true
    keepalive?.received(at: .now())
    do {
      let events = unsafe try bytes.withUnsafeReadableBytes { try unsafe session.receive($0) }
      for event in events { handle(event) }
      session.reuse(events)
    } catch {
      reason = RPCError(.unavailable, "the server broke the rules of HTTP/2: \(error)")
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

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // `channelInactive` tells the callers.
    if reason == nil {
      reason = RPCError(.unavailable, "connection to the server was lost: \(error)")
    }
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    ended(reason ?? RPCError(.unavailable, "connection to the server was lost"))
    context.fireChannelInactive()
  }

  // MARK: From the outside, on the loop

  /// Starts a call, now or when the server has room for it; failures reach the stream.
  func start(_ stream: ClientStream) {
    if stream.hasEnded { return }
    guard case .ready = phase else {
      return stream.connectionLost(
        RPCError(.unavailable, "connection to the server is closed"), .unsent)
    }
    callsStarted &+= 1
    if hasRoom { submit(stream) } else { queue.append(stream) }
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
    writer.isWaiting(body)
  }

  /// The call wants nothing more of its stream, which may be over by itself.
  func leave(_ id: StreamID) {
    streams.remove(id)
    guard session.hasBody(id) else { return }
    session.reset(id, .cancel)
    startQueued()
    scheduleFlush()
  }

  /// Takes no new calls; those that wait for room go elsewhere. Closes after the last one.
  func drain() {
    switch phase {
    case .connecting: fail(RPCError(.unavailable, "the client is closing"))
    case .ready:
      stopTakingCalls(RPCError(.unavailable, "connection to the server is closing"))
      session.goAway(.noError)
      scheduleFlush()
    case .draining, .closed: break
    }
  }

  /// Closes at once; running calls fail with `error`.
  func fail(_ error: RPCError) {
    if reason == nil { reason = error }
    context?.close(promise: nil)
    ended(error)
  }

  // MARK: Events

  private func handle(_ event: HTTP2Event) {
    switch event {
    case .headers(let id, let headers, let endStream):
      streams[id]?.receivedHeaders(headers, endStream: endStream)
    case .headersTooLarge(let id):
      streams[id]?.fail(RPCError(.resourceExhausted, "response headers are larger than allowed"))
    case .data(let id, let bytes):
      // One slow reader must not close the connection's window for the others.
      session.consumeConnection(bytes.readableBytes)
      streams[id]?.receivedData(bytes)
    case .endStream(let id): streams[id]?.receivedEndStream()
    case .streamClosed(let id, let code):
      if code == .noError { wasUseful = true }
      streams.remove(id)?.closed(code)
      startQueued()
    case .goAway(_, let code):
      if code == .enhanceYourCalm { subchannel?.serverAsksForCalm() }
      // Calls beyond the last stream are closed by nghttp2 with REFUSED_STREAM (RFC 9113 §6.8).
      stopTakingCalls(RPCError(.unavailable, "the server is going away"))
    case .settings:
      if case .connecting(let whenReady) = phase {
        phase = .ready
        whenReady(nil)
      }
      startQueued()
    case .ping: break
    }
  }

  private var isDraining: Bool {
    if case .draining = phase { true } else { false }
  }

  private func stopTakingCalls(_ error: RPCError) {
    switch phase {
    case .connecting(let whenReady):
      phase = .draining
      whenReady(error)
    case .ready: phase = .draining
    case .draining, .closed: return
    }
    let subchannel = subchannel
    self.subchannel = nil
    subchannel?.connectionEnded(self, error)
    for stream in queue.popAll() { stream.connectionLost(error, .unsent) }
  }

  private func ended(_ error: RPCError) {
    if case .closed = phase { return }
    stopTakingCalls(error)
    phase = .closed
    keepaliveTimer?.cancel()
    idleTimer?.cancel()
    let open = streams.values
    streams.removeAll()
    writer.dropWaiting()
    for stream in open { stream.connectionLost(error, .processed) }
    whenClosed?()
    whenClosed = nil
  }

  // MARK: Sending

  private var hasRoom: Bool { streams.count < session.peerMaxConcurrentStreams }

  private func startQueued() {
    guard queue.count > 0, case .ready = phase else { return }
    while hasRoom, let stream = queue.popFirst() { submit(stream) }
  }

  private func submit(_ stream: ClientStream) {
    let headers: HeaderList
    do throws(RPCError) {
      headers = try stream.requestHeaders(
        scheme: usesTLS ? "https" : "http", authority: authority)
    } catch {
      return stream.fail(error)
    }
    do throws(HTTP2Error) {
      let id = try session.request(headers: headers, body: stream.body)
      streams.insert(stream, for: id)
      stream.started(on: self, as: id)
    } catch {
      let error = RPCError(.unavailable, "call could not be started: \(error)")
      // The only error that another connection would not have: stream identifiers are used up.
      stopTakingCalls(error)
      stream.connectionLost(error, session.hasStreamIDs ? .processed : .unsent)
    }
    scheduleFlush()
  }

  private func scheduleFlush() {
    writer.schedule { self.flush() }
  }

  private func flush() {
    guard let context, isStarted else { return }
    writer.turn { flush(to: context) }
  }

  private func flush(to context: ChannelHandlerContext) {
    do throws(HTTP2Error) {
      try writer.write(from: session, to: context)
    } catch {
      return fail(RPCError(.unavailable, "connection to the server was lost: \(error)"))
    }
    let events = session.takeEvents()
    for event in events { handle(event) }
    session.reuse(events)
    writer.resumeWaiting(below: limits.maxPendingBytesPerCall / 2)
    // A server that reads nothing while calls are made and given up: HEADERS and RST_STREAM of each.
    guard session.queuedFrames <= 2 * limits.maxWaitingCalls else {
      return fail(RPCError(.unavailable, "the server does not read"))
    }
    guard !session.wantsRead && !session.wantsWrite else { return }
    if reason == nil, !isDraining {
      reason = RPCError(.unavailable, "the server broke the rules of HTTP/2")
    }
    context.close(promise: nil)
  }

  // MARK: Time

  private func start() {
    isStarted = true
    flush()
  }

  /// - Parameters:
  ///   - keepalive: nil: never ask.
  ///   - idleTimeout: nil: stay.
  func watch(_ keepalive: ClientKeepalive?, idleTimeout: Duration?) {
    if let keepalive {
      self.keepalive = KeepaliveStateMachine(keepalive, at: .now())
      lookForLife(after: TimeAmount(keepalive.time))
    }
    // Looks twice in the time, so that no call has to set a timer.
    if let idleTimeout { lookForIdleness(every: TimeAmount(idleTimeout / 2)) }
  }

  private func lookForLife(after delay: TimeAmount) {
    keepaliveTimer = loop.assumeIsolated().scheduleTask(in: delay) {
      switch self.keepalive?.timerFired(hasCalls: self.streams.count > 0, at: .now()) {
      case .look(let delay): self.lookForLife(after: delay)
      case .ping(let delay):
        self.session.ping()
        self.scheduleFlush()
        self.lookForLife(after: delay)
      case .close:
        self.fail(RPCError(.unavailable, "the server does not answer: keepalive timed out"))
      case nil: break
      }
    }
  }

  private func lookForIdleness(every half: TimeAmount) {
    idleTimer = loop.assumeIsolated().scheduleTask(in: half) {
      self.looksIdle =
        self.streams.count == 0 && self.callsStarted == self.callsSeen ? self.looksIdle + 1 : 0
      self.callsSeen = self.callsStarted
      if self.looksIdle < 2 {
        self.lookForIdleness(every: half)
      } else {
        self.subchannel?.connectionIsIdle()
      }
    }
  }
}
