// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What one call has seen and said so far, without any I/O. Request and response are two machines that
/// advance on their own:
///
///     request:   receiving ──END_STREAM──▶ ended
///     response:  idle ──first message──▶ started ──status──▶ ended
///                  └────────────status (trailers-only)────────▲
struct ServerStreamStateMachine {
  private enum Response {
    case idle
    case started
    case ended
  }

  enum OnEndStream: Equatable {
    /// The single request message is complete: run the handler.
    case dispatch(ByteBuffer)
    /// The running handler has seen, or will see, the last message.
    case endRequests
    case fail(RPCError)
    /// The call was answered already.
    case ignore
  }

  enum OnRead: Equatable {
    case message(ByteBuffer)
    /// There will be no more.
    case end
    case wait
  }

  enum OnMessage: Equatable {
    case sendHeadersAndMessage
    case sendMessage
    /// The call is over.
    case refuse
  }

  enum OnStatus: Equatable {
    case sendTrailersOnly
    case sendTrailers
    case ignore
  }

  private let streamsRequests: Bool
  private var deframer: MessageDeframer
  private var requestHasEnded = false
  private var response = Response.idle
  /// The oldest whole message that was not read yet, and those behind it: a single request needs no queue.
  private var message: ByteBuffer?
  private var laterMessages: CircularBuffer<ByteBuffer>?
  private var messageBytes = 0
  /// Whole messages that came, read or not.
  private(set) var messagesReceived = 0

  /// - Parameter streamsRequests: false: the request must be exactly one message.
  init(maxMessageBytes: Int, streamsRequests: Bool) {
    self.streamsRequests = streamsRequests
    deframer = MessageDeframer(limit: maxMessageBytes)
  }

  /// Request bytes held that no handler could read yet.
  var unfinishedBytes: Int {
    deframer.bufferedBytes + (streamsRequests ? 0 : messageBytes)
  }

  /// True when whole messages wait to be read.
  var hasMessages: Bool { message != nil }

  /// How many do.
  var unreadMessages: Int { message == nil ? 0 : 1 + (laterMessages?.count ?? 0) }

  var isAnswered: Bool {
    if case .ended = response { true } else { false }
  }

  /// Takes body bytes.
  /// - Throws: the status that ends the call.
  mutating func receivedData(_ bytes: ByteBuffer) throws(RPCError) {
    // RFC 9113 §5.1: DATA may be in flight after this end has answered.
    guard !isAnswered, !requestHasEnded else { return }
    deframer.append(bytes)
    var next: ByteBuffer?
    repeat {
      do throws(MessageDeframer.Failure) {
        next = try deframer.next()
      } catch {
        throw RPCError(error)
      }
      if let next {
        guard streamsRequests || message == nil else {
          throw RPCError(.unimplemented, "more than one request message")
        }
        append(next)
      }
    } while next != nil
  }

  mutating func receivedEndStream() -> OnEndStream {
    guard !isAnswered, !requestHasEnded else { return .ignore }
    requestHasEnded = true
    guard deframer.bufferedBytes == 0 else {
      return .fail(RPCError(.invalidArgument, "request ended in the middle of a message"))
    }
    if streamsRequests { return .endRequests }
    guard case .message(let message) = read() else {
      return .fail(RPCError(.invalidArgument, "request message is missing"))
    }
    return .dispatch(message)
  }

  /// Takes the next request message.
  mutating func read() -> OnRead {
    guard let message else { return requestHasEnded ? .end : .wait }
    self.message = laterMessages?.popFirst()
    messageBytes -= message.readableBytes
    return .message(message)
  }

  private mutating func append(_ next: ByteBuffer) {
    messageBytes += next.readableBytes
    messagesReceived += 1
    if message == nil {
      message = next
    } else {
      laterMessages = laterMessages ?? CircularBuffer()
      laterMessages?.append(next)
    }
  }

  mutating func sendingMessage() -> OnMessage {
    switch response {
    case .idle:
      response = .started
      return .sendHeadersAndMessage
    case .started: return .sendMessage
    case .ended: return .refuse
    }
  }

  mutating func sendingStatus() -> OnStatus {
    defer {
      response = .ended
      requestHasEnded = true
      message = nil
      laterMessages = nil
      messageBytes = 0
      deframer.discard()
    }
    switch response {
    case .idle: return .sendTrailersOnly
    case .started: return .sendTrailers
    case .ended: return .ignore
    }
  }
}

extension RPCError {
  /// What a peer is told about a malformed message (gRPC "Status codes", compression spec).
  init(_ failure: MessageDeframer.Failure) {
    switch failure {
    case .tooLarge(let announced, let limit):
      self.init(
        .resourceExhausted, "message of \(announced) bytes exceeds the limit of \(limit)")
    case .compressedWithoutEncoding:
      self.init(.internalError, "compressed message, but no grpc-encoding was named")
    case .unknownFlag(let flag):
      self.init(.internalError, "unknown message flag \(flag)")
    }
  }
}
