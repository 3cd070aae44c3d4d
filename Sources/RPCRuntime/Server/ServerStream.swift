// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// One call on a connection: turns events into a handler run, and what the handler says into frames.
///
/// Unchecked Sendable because the handler's task holds it, from which it may be called on any thread:
/// - all stored properties that change are read and written on `loop` only;
/// - the entry points that other threads use (``write(_:)``, ``nextRequest()``, the end of the task) hop
///   to `loop` first.
final class ServerStream: ResponseSink, RequestSource, @unchecked Sendable {
  let id: StreamID
  private let head: RequestHead
  private let limits: ServerLimits
  private let loop: any EventLoop
  /// nil once the stream is closed.
  private var connection: (any CallTransport)?
  /// Whose handler slot is taken; outlives `connection`, because a reset does not free the slot.
  private var slotOwner: (any CallTransport)?
  private var machine: ServerStreamStateMachine
  private let body = OutboundBody()
  private var context: ServerContext?
  private var task: Task<Void, Never>?
  private var deadlineTimer: Scheduled<Void>?
  /// The handler, waiting for a request message.
  private var reader: CheckedContinuation<Read, Never>?
  /// Body bytes received whose credit waits until the messages were read.
  private var uncredited = 0
  /// Bytes of the message read last that its compressed size does not warrant, noted at `slotOwner`.
  private var implausibleBytes = 0
  /// True when the response names gzip.
  private var compresses = false

  private static let responseHeaders: HeaderList = [
    ":status": "200", "content-type": "application/grpc",
  ]
  /// For callers that know of compression.
  private static let acceptingHeaders: HeaderList = [
    ":status": "200", "content-type": "application/grpc",
    "grpc-accept-encoding": MessageEncoding.accepted,
  ]
  private static let compressedHeaders: HeaderList = [
    ":status": "200", "content-type": "application/grpc",
    "grpc-accept-encoding": MessageEncoding.accepted,
    "grpc-encoding": MessageEncoding.gzip.rawValue,
  ]
  private static let okTrailers: HeaderList = ["grpc-status": "0"]

  init(
    id: StreamID, head: RequestHead, limits: ServerLimits,
    connection: any CallTransport, loop: any EventLoop
  ) {
    self.id = id
    self.head = head
    self.limits = limits
    self.connection = connection
    self.loop = loop
    machine = ServerStreamStateMachine(
      maxMessageBytes: limits.maxMessageBytes, encoding: head.encoding,
      streamsRequests: head.handler.method.kind.streamsRequests)
  }

  // MARK: From the connection, on the loop

  /// Request bytes held that no handler could read yet.
  var unfinishedRequestBytes: Int { machine.unfinishedBytes }

  /// Whole request messages that came, read or not.
  var messagesReceived: Int { machine.messagesReceived }

  /// A handler that reads a stream runs from the first moment.
  func receivedHeaders() {
    if head.handler.method.kind.streamsRequests { dispatch(ByteBuffer()) }
  }

  /// - Returns: how many bytes of the stream's window the peer gets back now.
  func receivedData(_ bytes: ByteBuffer) -> Int {
    do throws(RPCError) {
      if let web = head.web {
        try machine.receivedData(web.decode(bytes))
      } else {
        try machine.receivedData(bytes)
      }
    } catch {
      finish(error)
    }
    // A single message is bounded by its size limit instead of the window.
    guard head.handler.method.kind.streamsRequests else { return bytes.readableBytes }
    uncredited += bytes.readableBytes
    serveReader()
    // Whole messages that wait for the handler hold the window; what waits for the rest of a message must
    // not, or the rest could not come.
    if machine.hasMessages { return 0 }
    defer { uncredited = 0 }
    return uncredited
  }

  func receivedEndStream() {
    if let web = head.web {
      do throws(RPCError) {
        try machine.receivedData(web.decodeEnd())
      } catch {
        return finish(error)
      }
    }
    switch machine.receivedEndStream() {
    case .dispatch(let message): dispatch(message)
    case .endRequests:
      serveReader()
    case .fail(let error): finish(error)
    case .ignore: break
    }
  }

  /// The peer reset the stream, or the connection is gone.
  func closed() {
    endsEarly(Self.abandoned)
    _ = machine.sendingStatus()
    stop()
    connection = nil
  }

  /// Ends the call with a status other than OK, even when the peer takes no messages; no effect when it
  /// has ended.
  func finish(_ error: RPCError) {
    endsEarly(error)
    finish(status: error, isCutShort: true)
  }

  /// Lets interceptors, or where no handler runs the observer, know what they cannot see.
  private func endsEarly(_ error: RPCError) {
    guard !machine.isAnswered else { return }
    if let context {
      context.ended(early: error)
    } else {
      connection?.rejected(head.handler.method.path, error)
    }
  }

  // MARK: From the handler, on any thread

  func write(_ message: MessageFrame) async throws(RPCError) {
    let admission = loop.inEventLoop ? enqueue(message) : await enqueueOnLoop(message)
    switch admission {
    case .accepted: return
    case .over: throw Self.callIsOver
    case .full: try await waitForRoom()
    }
  }

  // Not part of ``write(_:)``, because calls that have sent a message keep the memory of its frame.

  @inline(never)
  private func enqueueOnLoop(_ message: MessageFrame) async -> Admission {
    await withCheckedContinuation { continuation in
      loop.execute { continuation.resume(returning: self.enqueue(message)) }
    }
  }

  @inline(never)
  private func waitForRoom() async throws(RPCError) {
    let goesOn = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if loop.inEventLoop {
          suspend(continuation)
        } else {
          loop.execute { self.suspend(continuation) }
        }
      }
    } onCancel: {
      loop.execute { self.body.resumeWriter(false) }
    }
    guard goesOn else { throw Self.callIsOver }
  }

  func nextRequest() async throws(RPCError) -> ByteBuffer? {
    let read: Read = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if loop.inEventLoop {
          self.read(continuation)
        } else {
          loop.execute { self.read(continuation) }
        }
      }
    } onCancel: {
      loop.execute { self.endReader() }
    }
    return try read.get()
  }

  private typealias Read = Result<ByteBuffer?, RPCError>

  private func read(_ continuation: CheckedContinuation<Read, Never>) {
    guard connection != nil, !machine.isAnswered, !(task?.isCancelled ?? false) else {
      return continuation.resume(returning: .failure(Self.callIsOver))
    }
    switch machine.read() {
    case .message(let message):
      if !machine.hasMessages { credit() }
      guard weigh(message) else {
        finish(Self.implausible)
        return continuation.resume(returning: .failure(Self.implausible))
      }
      continuation.resume(returning: .success(message))
    case .fail(let error):
      finish(error)
      continuation.resume(returning: .failure(error))
    case .end: continuation.resume(returning: .success(nil))
    case .wait: reader = continuation
    }
  }

  /// Lets a handler that waits look again.
  private func serveReader() {
    guard let reader else { return }
    self.reader = nil
    read(reader)
  }

  private func credit() {
    guard uncredited > 0 else { return }
    connection?.credit(uncredited, id)
    uncredited = 0
  }

  private func endReader() {
    reader?.resume(returning: .failure(Self.callIsOver))
    reader = nil
  }

  private static let abandoned = RPCError(.cancelled, "given up by the caller")

  /// Notes what the handler is about to hold.
  /// - Returns: false when that is out of all proportion (decompression bomb).
  private func weigh(_ message: ByteBuffer) -> Bool {
    let compressed = machine.lastCompressedSize
    context?.noteRequest(compressed: compressed != 0)
    let excess =
      compressed == 0 ? 0 : message.readableBytes - compressed * limits.plausibleInflation
    let more = max(0, excess) - implausibleBytes
    guard more != 0, let slotOwner else { return true }
    implausibleBytes += more
    return slotOwner.holdsImplausible(more)
  }

  private static let implausible = RPCError(
    .resourceExhausted, "this connection's compressed requests inflate too much")

  private static let callIsOver = RPCError(.cancelled, "the call is over")

  private enum Admission: Sendable {
    case accepted
    /// Accepted, but wait before writing more.
    case full
    case over
  }

  @inline(never)
  private func enqueue(_ message: MessageFrame) -> Admission {
    guard let connection else { return .over }
    switch machine.sendingMessage() {
    case .refuse: return .over
    case .sendHeadersAndMessage:
      let headers = initialHeaders()
      body.append(encoded(message))
      connection.respond(id, headers: headers, body: body)
    case .sendMessage:
      body.append(encoded(message))
      connection.resume(id, body)
    }
    return body.queuedBytes > limits.maxPendingBytesPerStream ? .full : .accepted
  }

  private func suspend(_ continuation: CheckedContinuation<Bool, Never>) {
    guard connection != nil, !machine.isAnswered, !(task?.isCancelled ?? false) else {
      return continuation.resume(returning: false)
    }
    if body.queuedBytes <= limits.maxPendingBytesPerStream / 2 {
      continuation.resume(returning: true)
    } else {
      body.suspend(continuation)
      connection?.isWaiting(body)
    }
  }

  // MARK: Running the handler

  private func dispatch(_ message: ByteBuffer) {
    guard let connection, let executor = connection.handlerStarts() else {
      return finish(RPCError(.unavailable, "too many calls are running on this connection"))
    }
    slotOwner = connection
    let deadline = head.timeout.map { NIODeadline.now() + $0 }
    // The context must not hold the stream, which holds the context.
    let context = ServerContext(head, on: connection, deadline: deadline)
    self.context = context
    if head.handler.method.kind != .unary {
      context.onEnd { [weak self] error in
        guard let self else { return }
        loop.execute { self.finish(error) }
      }
    }
    guard weigh(message) else {
      release()
      return finish(Self.implausible)
    }
    if let deadline { startTimer(deadline) }
    let task: Task<Void, Never>
    switch head.handler.body {
    case .unary(let body):
      task = Task.immediate(executorPreference: executor) {
        do throws(RPCError) {
          let response = try await body(message, context)
          self.handlerEnded(response, nil)
        } catch {
          self.handlerEnded(nil, error)
        }
      }
    case .clientStreaming(let body):
      task = Task.immediate(executorPreference: executor) {
        do throws(RPCError) {
          let response = try await body(RequestStream(source: self), context)
          self.handlerEnded(response, nil)
        } catch {
          self.handlerEnded(nil, error)
        }
      }
    case .serverStreaming(let body):
      task = Task.immediate(executorPreference: executor) {
        do throws(RPCError) {
          try await body(message, ResponseWriter(sink: self), context)
          self.handlerEnded(nil, nil)
        } catch {
          self.handlerEnded(nil, error)
        }
      }
    case .bidirectional(let body):
      task = Task.immediate(executorPreference: executor) {
        do throws(RPCError) {
          try await body(RequestStream(source: self), ResponseWriter(sink: self), context)
          self.handlerEnded(nil, nil)
        } catch {
          self.handlerEnded(nil, error)
        }
      }
    }
    if !machine.isAnswered { self.task = task }
  }

  /// Goes to the loop, when it is not there already. Not inlined into the tasks, which keep their frames
  /// as long as they live.
  @inline(never)
  private func handlerEnded(_ response: MessageFrame?, _ error: RPCError?) {
    if loop.inEventLoop {
      handlerReturned(response, error)
    } else {
      loop.execute { self.handlerReturned(response, error) }
    }
  }

  /// The handler's slot is free only now, even if the stream was reset long ago.
  private func handlerReturned(_ response: MessageFrame?, _ error: RPCError?) {
    release()
    if let response { finish(response) } else { finish(status: error) }
    task = nil
  }

  private func release() {
    if implausibleBytes != 0 { _ = slotOwner?.holdsImplausible(-implausibleBytes) }
    implausibleBytes = 0
    slotOwner?.handlerEnds()
    slotOwner = nil
  }

  private func startTimer(_ deadline: NIODeadline) {
    deadlineTimer = loop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.finish(RPCError(.deadlineExceeded, "deadline exceeded"))
    }
  }

  private func stop() {
    deadlineTimer?.cancel()
    deadlineTimer = nil
    task?.cancel()
    body.resumeWriter(false)
    endReader()
  }

  // MARK: Ending the call

  /// Message and status at once: nghttp2 is told of both before it asks for either.
  private func finish(_ response: MessageFrame) {
    guard let connection, case .sendHeadersAndMessage = machine.sendingMessage() else { return }
    _ = machine.sendingStatus()
    let headers = initialHeaders()
    body.append(encoded(response))
    endBody(nil)
    connection.respond(id, headers: headers, body: body)
    deadlineTimer?.cancel()
  }

  /// - Parameter isCutShort: true: what the peer has not taken of the response yet is dropped.
  private func finish(status: RPCError?, isCutShort: Bool = false) {
    let step = machine.sendingStatus()
    guard let connection else { return }
    switch step {
    case .ignore: return
    case .sendTrailersOnly:
      var headers = grpcHeaders()
      appendStatus(status, to: &headers)
      connection.respond(id, headers: head.web?.headers(headers) ?? headers, body: nil)
    case .sendTrailers where isCutShort && body.queuedBytes > 0:
      body.discard()
      connection.cutShort(id, trailers: head.web == nil ? trailers(status) : nil)
    case .sendTrailers:
      endBody(status)
      connection.resume(id, body)
    }
    if status != nil { stop() } else { deadlineTimer?.cancel() }
  }

  private func endBody(_ status: RPCError?) {
    if let web = head.web {
      body.append(web.encode(trailers: trailers(status)))
      body.end = .endStream
    } else {
      body.end = .trailers(trailers(status))
    }
  }

  private func trailers(_ status: RPCError?) -> HeaderList {
    if status == nil, let context, !context.hasTrailingMetadata { return Self.okTrailers }
    var trailers = HeaderList()
    appendStatus(status, to: &trailers)
    return trailers
  }

  private func initialHeaders() -> HeaderList {
    let headers = grpcHeaders()
    return head.web?.headers(headers) ?? headers
  }

  /// The response's headers in gRPC; decides whether its messages are compressed.
  private func grpcHeaders() -> HeaderList {
    var headers = Self.responseHeaders
    if head.acceptsGzip {
      compresses = context?.compressesResponses ?? limits.compressesResponses
      headers = compresses ? Self.compressedHeaders : Self.acceptingHeaders
    }
    if let context, context.hasInitialMetadata { append(context.initialMetadata, to: &headers) }
    return headers
  }

  private func encoded(_ message: MessageFrame) -> ByteBuffer {
    let frame = compresses ? message.gzipped(from: limits.minCompressedBytes) : message.framed
    return head.web?.encode(frame) ?? frame
  }

  private func appendStatus(_ status: RPCError?, to headers: inout HeaderList) {
    headers.append("grpc-status", String((status?.code ?? .ok).rawValue))
    if let status {
      if !status.message.isEmpty {
        headers.append("grpc-message", PercentEncoding.encode(status.message))
      }
      append(status.metadata, to: &headers)
    }
    if let context, context.hasTrailingMetadata { append(context.trailingMetadata, to: &headers) }
  }

  private func append(_ metadata: Metadata, to headers: inout HeaderList) {
    if let refused = headers.append(metadata) { connection?.isUnsendable(refused) }
  }
}
