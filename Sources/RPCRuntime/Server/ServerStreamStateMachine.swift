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
    /// The next message is broken: that ends the call.
    case fail(RPCError)
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
  /// Whole messages that came, read or not.
  private(set) var messagesReceived = 0

  /// - Parameters:
  ///   - encoding: what the request names.
  ///   - streamsRequests: false: the request must be exactly one message.
  init(maxMessageBytes: Int, encoding: MessageEncoding = .identity, streamsRequests: Bool) {
    self.streamsRequests = streamsRequests
    deframer = MessageDeframer(limit: maxMessageBytes, encoding: encoding)
  }

  /// Request bytes held that no handler could read yet.
  var unfinishedBytes: Int {
    streamsRequests ? deframer.unfinishedBytes : deframer.bufferedBytes
  }

  /// True when whole messages wait to be read.
  var hasMessages: Bool { deframer.wholeMessages > 0 }

  /// Size on the wire of the message read last; 0 when it was not compressed.
  var lastCompressedSize: Int { deframer.lastCompressedSize }

  var isAnswered: Bool {
    if case .ended = response { true } else { false }
  }

  /// Takes body bytes.
  /// - Throws: the status that ends the call.
  mutating func receivedData(_ bytes: ByteBuffer) throws(RPCError) {
    // RFC 9113 §5.1: DATA may be in flight after this end has answered.
    guard !isAnswered, !requestHasEnded else { return }
    let before = deframer.wholeMessages
    do throws(MessageDeframer.Failure) {
      try deframer.append(bytes)
    } catch {
      throw RPCError(error)
    }
    messagesReceived += deframer.wholeMessages - before
    if !streamsRequests, deframer.wholeMessages > 0,
      deframer.wholeMessages > 1 || deframer.unfinishedBytes > 0
    {
      throw RPCError(.unimplemented, "more than one request message")
    }
  }

  mutating func receivedEndStream() -> OnEndStream {
    guard !isAnswered, !requestHasEnded else { return .ignore }
    requestHasEnded = true
    guard deframer.unfinishedBytes == 0 else {
      return .fail(RPCError(.invalidArgument, "request ended in the middle of a message"))
    }
    if streamsRequests { return .endRequests }
    switch read() {
    case .message(let message): return .dispatch(message)
    case .fail(let error): return .fail(error)
    case .end, .wait: return .fail(RPCError(.invalidArgument, "request message is missing"))
    }
  }

  /// Takes the next request message.
  mutating func read() -> OnRead {
    do throws(MessageDeframer.Failure) {
      if let message = try deframer.next() { return .message(message) }
    } catch {
      return .fail(RPCError(error))
    }
    return requestHasEnded ? .end : .wait
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
      deframer.discard()
    }
    switch response {
    case .idle: return .sendTrailersOnly
    case .started: return .sendTrailers
    case .ended: return .ignore
    }
  }
}
