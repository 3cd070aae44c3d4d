// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The caller's end of one call, from the call until its status: waiting to be sent, on a stream of a
/// connection, or pausing before it is sent once more.
///
/// Unchecked Sendable because the caller's task holds it: all stored properties that change are read and
/// written on `loop` only, and what other threads call (``next()``, ``cancel()``, the request writer's
/// methods) hops there first.
final class ClientStream: ResponseSource, RequestSink, @unchecked Sendable {
  typealias Pulled = Result<ByteBuffer?, RPCError>

  private enum Response {
    case awaitingHeaders
    case receiving
    case ended(RPCError?)
  }

  private enum Place {
    case nowhere
    case waiting(CallQueue)
    case running(ClientConnection, StreamID)
    case pausing(Scheduled<Void>)
  }

  /// What is kept to send the call once more, until response headers come.
  private enum Replay {
    case impossible
    case message(ByteBuffer)
    case stream(ReplayBuffer)
  }

  let method: MethodDescriptor
  let options: CallOptions
  let waitsForReady: Bool
  var retries: CallRetries
  /// What is still to be sent of the request.
  private(set) var body = OutboundBody()
  private let loop: any EventLoop
  private let deadline: NIODeadline?
  private let maxPendingBytes: Int
  private let minCompressedBytes: Int
  /// Who sends the call, and sends it again; nil: one connection does, once.
  private var balancer: LoadBalancer?
  /// Must not be closed for being dropped while one of its calls is running.
  private var client: RPCClient?
  private var place = Place.nowhere
  private var replay = Replay.impossible
  private var response = Response.awaitingHeaders
  private var deframer: MessageDeframer
  /// Body bytes received whose credit waits until the messages were read.
  private var uncredited = 0
  private var reader: CheckedContinuation<Pulled, Never>?
  private var deadlineTimer: Scheduled<Void>?
  private(set) var initialMetadata = Metadata()
  private(set) var trailingMetadata = Metadata()

  /// - Parameter config: what the channel says about the method.
  init(
    method: MethodDescriptor, options: CallOptions, config: MethodConfig? = nil,
    limits: ClientLimits, loop: any EventLoop
  ) {
    self.method = method
    self.options = options
    self.loop = loop
    waitsForReady = options.waitForReady ?? config?.waitForReady ?? false
    retries = CallRetries(policy: config?.retryPolicy)
    maxPendingBytes = limits.maxPendingBytesPerCall
    minCompressedBytes = limits.minCompressedBytes
    deframer = MessageDeframer(limit: limits.maxMessageBytes)
    let timeouts = [options.timeout, config?.timeout].compactMap { $0 }
    deadline = timeouts.min().map { NIODeadline.now() + TimeAmount($0) }
  }

  // MARK: Beginning, on the loop

  /// Comes before anything else.
  /// - Parameters:
  ///   - request: the only message, framed; nil: messages follow.
  ///   - balancer: sends the call; nil: the caller does.
  ///   - client: kept until the call ends.
  func begin(
    _ request: ByteBuffer?, balancer: LoadBalancer? = nil, keeping client: RPCClient? = nil
  ) {
    self.balancer = balancer
    self.client = client
    if let request {
      body.append(request)
      body.end = .endStream
      replay = .message(request)
    } else if balancer != nil {
      replay = .stream(ReplayBuffer())
    }
    guard let deadline else { return }
    deadlineTimer = loop.assumeIsolated().scheduleTask(deadline: deadline) { self.expired() }
  }

  var hasEnded: Bool {
    if case .ended = response { true } else { false }
  }

  func waits(in queue: CallQueue) -> Bool {
    if case .waiting(let here) = place { here === queue } else { false }
  }

  func isWaiting(in queue: CallQueue) { place = .waiting(queue) }

  /// No longer; somebody is about to send it.
  func pauseEnded() { leave() }

  func isPausing(_ timer: Scheduled<Void>) { place = .pausing(timer) }

  /// The header fields of the attempt that begins.
  /// - Throws: INTERNAL when the caller's metadata cannot be sent.
  func requestHeaders(scheme: String, authority: String) throws(RPCError) -> HeaderList {
    var headers: HeaderList = [
      ":method": "POST", ":scheme": scheme, ":path": method.path,
      ":authority": options.authority ?? authority, "te": "trailers",
      "content-type": "application/grpc", "grpc-accept-encoding": MessageEncoding.accepted,
    ]
    if options.compression != nil {
      headers.append("grpc-encoding", MessageEncoding.gzip.rawValue)
    }
    if let deadline {
      headers.append("grpc-timeout", GRPCTimeout.format(max(.nanoseconds(1), deadline - .now())))
    }
    if retries.previousAttempts > 0 {
      headers.append("grpc-previous-rpc-attempts", String(retries.previousAttempts))
    }
    if let key = headers.append(options.metadata) {
      throw RPCError(.internalError, "metadata '\(key)' cannot be sent")
    }
    return headers
  }

  // MARK: From the connection, on the loop

  func started(on connection: ClientConnection, as id: StreamID) {
    place = .running(connection, id)
    if body.hasWriter { connection.isWaiting(body) }
  }

  func receivedHeaders(_ headers: HeaderList, endStream: Bool) {
    switch response {
    case .awaitingHeaders:
      // RFC 9113 §8.1: informational responses come before the real one.
      if headers[":status"]?.hasPrefix("1") == true { return }
      if headers["grpc-status"] != nil, endStream {
        trailingMetadata = headers.customMetadata
        guard let error = ResponseStatus.error(trailers: headers) else { return end(nil) }
        return attemptFailed(error, .processed, CallRetries.Pushback(headers))
      }
      if let error = ResponseStatus.error(headers: headers) {
        return attemptFailed(error, .processed)
      }
      // gRPC A6: response headers commit the call to this attempt.
      commit()
      initialMetadata = headers.customMetadata
      if let name = headers["grpc-encoding"] {
        // gRPC "Compression": what this end did not offer is INTERNAL.
        guard let encoding = MessageEncoding(rawValue: name) else {
          return fail(RPCError(.internalError, "grpc-encoding '\(name)' is not supported"))
        }
        deframer.encoding = encoding
      }
      response = .receiving
      if endStream { end(RPCError(.unknown, "response ended without grpc-status")) }
    case .receiving:
      trailingMetadata = headers.customMetadata
      var error = ResponseStatus.error(trailers: headers)
      if error == nil, deframer.unfinishedBytes > 0 {
        error = RPCError(.internalError, "response ended in the middle of a message")
      }
      end(error)
    case .ended:
      break
    }
  }

  func receivedData(_ bytes: ByteBuffer) {
    guard case .receiving = response else { return credit(bytes.readableBytes) }
    uncredited += bytes.readableBytes
    do throws(MessageDeframer.Failure) {
      try deframer.append(bytes)
    } catch {
      return fail(RPCError(error))
    }
    if deframer.wholeMessages > 0, let reader {
      self.reader = nil
      pull(reader)
    } else {
      creditWhatWasRead()
    }
  }

  func receivedEndStream() {
    if case .receiving = response {
      end(RPCError(.unknown, "response ended without grpc-status"))
    }
  }

  /// The stream is over, and known to be by the connection.
  func closed(_ code: HTTP2ErrorCode) {
    place = .nowhere
    attemptFailed(
      ResponseStatus.error(reset: code), code == .refusedStream ? .refused : .processed)
  }

  func connectionLost(_ error: RPCError, _ reach: CallRetries.Reach) {
    place = .nowhere
    attemptFailed(error, reach)
  }

  /// This end gives up: the server is told to stop.
  func fail(_ error: RPCError) {
    if hasEnded { return }
    deframer.discard()
    end(error)
  }

  // MARK: From the balancer, on the loop

  /// False once part of the request, or of the response, cannot be had again.
  var canBeReplayed: Bool {
    if case .impossible = replay { false } else { true }
  }

  /// Makes the call what it was before its last attempt.
  func rewind() {
    let old = body
    body = OutboundBody()
    body.end = old.end
    switch replay {
    case .impossible: break
    case .message(let request):
      body.append(request)
      body.end = .endStream
    case .stream(let kept):
      for frame in kept.frames { body.append(frame) }
    }
    old.resumeWriter(true)
    deframer.discard()
    trailingMetadata = Metadata()
  }

  // MARK: From the caller, on any thread

  /// The bytes that a request message is sent as.
  func framed(_ message: MessageFrame) -> ByteBuffer {
    switch options.compression {
    case nil: message.framed
    case .gzip: message.gzipped(from: minCompressedBytes)
    }
  }

  func writeRequest(_ message: MessageFrame) async throws(RPCError) {
    let framed = framed(message)
    let goesOn = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.execute { self.send(framed, continuation) }
      }
    } onCancel: {
      cancel()
    }
    guard goesOn else { throw RPCError(.cancelled, "the call is over") }
  }

  func finishRequests() async {
    loop.execute {
      if self.hasEnded { return }
      self.body.end = .endStream
      self.resumeSending()
    }
  }

  func next() async throws(RPCError) -> ByteBuffer? {
    let pulled: Pulled = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.execute { self.pull(continuation) }
      }
    } onCancel: {
      cancel()
    }
    return try pulled.get()
  }

  func cancel() {
    loop.execute { self.fail(RPCError(.cancelled, "call cancelled")) }
  }

  /// Reads the single message of a unary call and its status.
  func unaryReply() async throws(RPCError) -> UnaryReply {
    guard let message = try await next() else {
      throw RPCError(.internalError, "response message is missing")
    }
    guard try await next() == nil else {
      cancel()
      throw RPCError(.internalError, "more than one response message")
    }
    let metadata = await responseMetadata()
    return UnaryReply(
      message: message, initialMetadata: metadata.initial, trailingMetadata: metadata.trailing)
  }

  /// The response messages, for one reader.
  var responses: ResponseStream {
    ResponseStream(source: self) { await self.responseMetadata() }
  }

  /// Both directions.
  var streamingCall: StreamingCall {
    StreamingCall(requests: RequestWriter(sink: self), responses: responses)
  }

  private func responseMetadata() async -> ResponseMetadata {
    await withCheckedContinuation { continuation in
      loop.execute {
        continuation.resume(
          returning: ResponseMetadata(
            initial: self.initialMetadata, trailing: self.trailingMetadata))
      }
    }
  }

  // MARK: Inside: the request

  private func send(_ message: ByteBuffer, _ continuation: CheckedContinuation<Bool, Never>) {
    if hasEnded { return continuation.resume(returning: false) }
    keep(message)
    body.append(message)
    resumeSending()
    if body.queuedBytes > maxPendingBytes {
      body.suspend(continuation)
      if case .running(let connection, _) = place { connection.isWaiting(body) }
    } else {
      continuation.resume(returning: true)
    }
  }

  private func resumeSending() {
    if case .running(let connection, let id) = place { connection.resume(id, body) }
  }

  private func keep(_ message: ByteBuffer) {
    guard case .stream(var kept) = replay, let balancer else { return }
    replay = .impossible
    guard balancer.mayKeep(message.readableBytes, beside: kept.byteCount) else {
      return balancer.forgot(kept.byteCount)
    }
    kept.append(message)
    replay = .stream(kept)
  }

  /// The call stays with the attempt it is at.
  private func commit() {
    if case .stream(let kept) = replay { balancer?.forgot(kept.byteCount) }
    replay = .impossible
  }

  // MARK: Inside: the response

  private func pull(_ continuation: CheckedContinuation<Pulled, Never>) {
    do throws(MessageDeframer.Failure) {
      if let message = try deframer.next() {
        creditWhatWasRead()
        return continuation.resume(returning: .success(message))
      }
    } catch {
      fail(RPCError(error))
      // The server may have ended the call already, and well.
      deframer.discard()
      response = .ended(RPCError(error))
    }
    switch response {
    case .ended(nil): continuation.resume(returning: .success(nil))
    case .ended(let error?): continuation.resume(returning: .failure(error))
    case .awaitingHeaders, .receiving: reader = continuation
    }
  }

  /// What waits for the rest of a message must not hold the window that the rest needs.
  private func creditWhatWasRead() {
    guard deframer.wholeMessages == 0 else { return }
    credit(uncredited)
    uncredited = 0
  }

  private func credit(_ count: Int) {
    guard count > 0, case .running(let connection, let id) = place else { return }
    connection.credit(count, id)
  }

  // MARK: Inside: the end

  private func expired() {
    switch place {
    case .waiting: fail(balancer?.deadlineExceeded ?? Self.deadlineExceeded)
    case .nowhere, .running, .pausing: fail(Self.deadlineExceeded)
    }
  }

  private static let deadlineExceeded = RPCError(.deadlineExceeded, "deadline exceeded")

  private func attemptFailed(
    _ error: RPCError, _ reach: CallRetries.Reach, _ pushback: CallRetries.Pushback = .none
  ) {
    if hasEnded { return }
    leave()
    if case .awaitingHeaders = response, let balancer,
      balancer.sendsAgain(self, after: error, reach, pushback)
    {
      return
    }
    end(error)
  }

  private func end(_ error: RPCError?) {
    if hasEnded { return }
    response = .ended(error)
    leave()
    commit()
    body.resumeWriter(false)
    deadlineTimer?.cancel()
    deadlineTimer = nil
    if error == nil { balancer?.succeeded() }
    balancer = nil
    client = nil
    // Messages received before the end are still handed out first; a waiting reader means there are none.
    reader?.resume(returning: error.map { .failure($0) } ?? .success(nil))
    reader = nil
  }

  private func leave() {
    let left = place
    place = .nowhere
    switch left {
    case .nowhere: break
    case .waiting(let queue): queue.left()
    case .running(let connection, let id): connection.leave(id)
    case .pausing(let timer):
      timer.cancel()
      balancer?.resumed(self)
    }
  }
}
