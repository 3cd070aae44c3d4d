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
    case message(MessageFrame)
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
  /// Who sends the call, and sends it again; nil: one connection does, once.
  private var balancer: LoadBalancer?
  private var place = Place.nowhere
  private var replay = Replay.impossible
  private var response = Response.awaitingHeaders
  private var deframer: MessageDeframer
  private var messages = CircularBuffer<ByteBuffer>()
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
    deframer = MessageDeframer(limit: limits.maxMessageBytes)
    let timeouts = [options.timeout, config?.timeout].compactMap { $0 }
    deadline = timeouts.min().map { NIODeadline.now() + TimeAmount($0) }
  }

  // MARK: Beginning, on the loop

  /// Comes before anything else.
  /// - Parameter request: the only message; nil: messages follow.
  func begin(_ request: MessageFrame?, balancer: LoadBalancer? = nil) {
    self.balancer = balancer
    if let request {
      body.append(request.framed)
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
  func requestHeaders(scheme: String, authority: String) -> HeaderList {
    var headers: HeaderList = [
      ":method": "POST", ":scheme": scheme, ":path": method.path,
      ":authority": options.authority ?? authority, "te": "trailers",
      "content-type": "application/grpc",
    ]
    if let deadline {
      headers.append("grpc-timeout", GRPCTimeout.format(max(.nanoseconds(1), deadline - .now())))
    }
    if retries.previousAttempts > 0 {
      headers.append("grpc-previous-rpc-attempts", String(retries.previousAttempts))
    }
    headers.append(options.metadata)
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
        trailingMetadata = RequestHead.customMetadata(of: headers)
        guard let error = ResponseStatus.error(trailers: headers) else { return end(nil) }
        return attemptFailed(error, .processed, CallRetries.Pushback(headers))
      }
      if let error = ResponseStatus.error(headers: headers) {
        return attemptFailed(error, .processed)
      }
      // gRPC A6: response headers commit the call to this attempt.
      commit()
      initialMetadata = RequestHead.customMetadata(of: headers)
      response = .receiving
      if endStream { end(RPCError(.unknown, "response ended without grpc-status")) }
    case .receiving:
      trailingMetadata = RequestHead.customMetadata(of: headers)
      end(ResponseStatus.error(trailers: headers))
    case .ended:
      break
    }
  }

  func receivedData(_ bytes: ByteBuffer) {
    guard case .receiving = response else { return credit(bytes.readableBytes) }
    deframer.append(bytes)
    var next: ByteBuffer?
    repeat {
      do throws(MessageDeframer.Failure) {
        next = try deframer.next()
      } catch {
        return fail(RPCError(error))
      }
      if let next { received(next) }
    } while next != nil
    // What waits for the rest of a message must not hold the window that the rest needs.
    if messages.isEmpty { credit(bytes.readableBytes) } else { uncredited += bytes.readableBytes }
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
    messages.removeAll()
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
      body.append(request.framed)
      body.end = .endStream
    case .stream(let kept):
      for frame in kept.frames { body.append(frame) }
    }
    old.resumeWriter(true)
    deframer.discard()
    trailingMetadata = Metadata()
  }

  // MARK: From the caller, on any thread

  func writeRequest(_ message: MessageFrame) async throws(RPCError) {
    let goesOn = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.execute { self.send(message, continuation) }
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
    return await withCheckedContinuation { continuation in
      loop.execute {
        continuation.resume(
          returning: UnaryReply(
            message: message, initialMetadata: self.initialMetadata,
            trailingMetadata: self.trailingMetadata))
      }
    }
  }

  // MARK: Inside: the request

  private func send(_ message: MessageFrame, _ continuation: CheckedContinuation<Bool, Never>) {
    if hasEnded { return continuation.resume(returning: false) }
    keep(message)
    body.append(message.framed)
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

  private func keep(_ message: MessageFrame) {
    guard case .stream(var kept) = replay, let balancer else { return }
    replay = .impossible
    guard balancer.mayKeep(message.framed.readableBytes, beside: kept.byteCount) else {
      return balancer.forgot(kept.byteCount)
    }
    kept.append(message.framed)
    replay = .stream(kept)
  }

  /// The call stays with the attempt it is at.
  private func commit() {
    if case .stream(let kept) = replay { balancer?.forgot(kept.byteCount) }
    replay = .impossible
  }

  // MARK: Inside: the response

  private func received(_ message: ByteBuffer) {
    if let reader {
      self.reader = nil
      reader.resume(returning: .success(message))
    } else {
      messages.append(message)
    }
  }

  private func pull(_ continuation: CheckedContinuation<Pulled, Never>) {
    if let message = messages.popFirst() {
      if messages.isEmpty {
        credit(uncredited)
        uncredited = 0
      }
      return continuation.resume(returning: .success(message))
    }
    switch response {
    case .ended(nil): continuation.resume(returning: .success(nil))
    case .ended(let error?): continuation.resume(returning: .failure(error))
    case .awaitingHeaders, .receiving: reader = continuation
    }
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
