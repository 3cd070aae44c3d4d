// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The caller's end of one call.
///
/// Unchecked Sendable because the caller's task holds it: all stored properties that change are read and
/// written on `loop` only, and what other threads call (``next()``, ``cancel()``, the request writer's
/// methods) hops there first.
final class ClientStream: ResponseSource, RequestSink, @unchecked Sendable {
  /// Request bytes that wait for the server before the caller suspends. 64 KiB, as servers have it.
  static let maxPendingBytes = 64 * 1024

  typealias Pulled = Result<ByteBuffer?, RPCError>

  private enum Response {
    case awaitingHeaders
    case receiving
    case ended(RPCError?)
  }

  let method: MethodDescriptor
  /// What is still to be sent of the request.
  let body = OutboundBody()
  private let loop: any EventLoop
  private var connection: ClientConnection?
  private var id: StreamID?
  private var response = Response.awaitingHeaders
  private var deframer: MessageDeframer
  private var messages = CircularBuffer<ByteBuffer>()
  private var reader: CheckedContinuation<Pulled, Never>?
  private var deadlineTimer: Scheduled<Void>?
  private(set) var initialMetadata = Metadata()
  private(set) var trailingMetadata = Metadata()

  init(method: MethodDescriptor, maxMessageBytes: Int, loop: any EventLoop) {
    self.method = method
    self.loop = loop
    deframer = MessageDeframer(limit: maxMessageBytes)
  }

  // MARK: From the connection, on the loop

  func started(on connection: ClientConnection, as id: StreamID, deadline: NIODeadline?) {
    self.connection = connection
    self.id = id
    guard let deadline else { return }
    deadlineTimer = loop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.fail(RPCError(.deadlineExceeded, "deadline exceeded"))
    }
  }

  func receivedHeaders(_ headers: HeaderList, endStream: Bool) {
    switch response {
    case .awaitingHeaders:
      // RFC 9113 §8.1: informational responses come before the real one.
      if headers[":status"]?.hasPrefix("1") == true { return }
      if headers["grpc-status"] != nil, endStream {
        trailingMetadata = headers.customMetadata
        return end(ResponseStatus.error(trailers: headers))
      }
      if let error = ResponseStatus.error(headers: headers) { return fail(error) }
      initialMetadata = headers.customMetadata
      response = .receiving
      if endStream { end(RPCError(.unknown, "response ended without grpc-status")) }
    case .receiving:
      trailingMetadata = headers.customMetadata
      end(ResponseStatus.error(trailers: headers))
    case .ended:
      // A cancelled call: frames may be in flight.
      break
    }
  }

  func receivedData(_ bytes: ByteBuffer) {
    guard case .receiving = response else {
      credit(bytes.readableBytes)
      return
    }
    do throws(MessageDeframer.Failure) {
      try deframer.append(bytes)
      while let message = try deframer.next() { received(message) }
    } catch {
      return fail(RPCError(error))
    }
    // What waits for the rest of a message must not hold the window that the rest needs.
    if messages.isEmpty { credit(bytes.readableBytes) } else { uncredited += bytes.readableBytes }
  }

  func receivedEndStream() {
    if case .receiving = response {
      end(RPCError(.unknown, "response ended without grpc-status"))
    }
  }

  func closed(_ code: HTTP2ErrorCode) {
    end(ResponseStatus.error(reset: code))
    connection = nil
  }

  func connectionLost(_ error: RPCError) {
    end(error)
    connection = nil
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
      if case .ended = self.response { return }
      self.body.end = .endStream
      if let id = self.id { self.connection?.resume(id, self.body) }
    }
  }

  private func send(_ message: MessageFrame, _ continuation: CheckedContinuation<Bool, Never>) {
    if case .ended = response { return continuation.resume(returning: false) }
    body.append(message.framed)
    if let id { connection?.resume(id, body) }
    if body.queuedBytes > Self.maxPendingBytes {
      body.suspend(continuation)
      connection?.isWaiting(body)
    } else {
      continuation.resume(returning: true)
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

  // MARK: Inside

  /// Body bytes received whose credit waits until the messages were read.
  private var uncredited = 0

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
    guard count > 0, let id else { return }
    connection?.credit(count, id)
  }

  /// This end gives up: the server is told to stop.
  private func fail(_ error: RPCError) {
    if case .ended = response { return }
    if let id { connection?.reset(id) }
    messages.removeAll()
    end(error)
  }

  private func end(_ error: RPCError?) {
    if case .ended = response { return }
    response = .ended(error)
    body.resumeWriter(false)
    deadlineTimer?.cancel()
    deadlineTimer = nil
    // Messages received before the end are still handed out first; a waiting reader means there are none.
    reader?.resume(returning: error.map { .failure($0) } ?? .success(nil))
    reader = nil
  }
}
