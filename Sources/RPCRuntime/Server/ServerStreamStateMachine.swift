// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What one call has seen and said so far, without any I/O. Request and response are two machines that
/// advance on their own:
///
///     request:   receiving ──END_STREAM──▶ ended
///     response:  idle ──first message──▶ started ──status──▶ ended
///                  └────────────status (trailers-only)────────▲
struct ServerStreamStateMachine {
  private enum Request {
    case receiving(MessageDeframer)
    case ended
  }

  private enum Response {
    case idle
    case started
    case ended
  }

  enum OnEndStream: Equatable {
    /// The request is complete: run the handler.
    case dispatch(ByteBuffer)
    case fail(RPCError)
    /// The call was answered already.
    case ignore
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

  private var request: Request
  private var response = Response.idle
  private var message: ByteBuffer?

  init(maxMessageBytes: Int) {
    request = .receiving(MessageDeframer(limit: maxMessageBytes))
  }

  /// Request bytes held.
  var bufferedBytes: Int {
    guard case .receiving(let deframer) = request else { return 0 }
    return deframer.bufferedBytes + (message?.readableBytes ?? 0)
  }

  var isAnswered: Bool {
    if case .ended = response { true } else { false }
  }

  /// Takes body bytes.
  /// - Throws: the status that ends the call.
  mutating func receivedData(_ bytes: ByteBuffer) throws(RPCError) {
    // RFC 9113 §5.1: DATA may be in flight after this end has answered.
    guard !isAnswered, case .receiving(var deframer) = request else { return }
    // Let go of the other reference, or appending would copy all that was received so far.
    request = .ended
    deframer.append(bytes)
    var next: ByteBuffer?
    repeat {
      do throws(MessageDeframer.Failure) {
        next = try deframer.next()
      } catch {
        throw RPCError(error)
      }
      if let next {
        guard message == nil else {
          throw RPCError(.unimplemented, "more than one request message")
        }
        message = next
      }
    } while next != nil
    request = .receiving(deframer)
  }

  mutating func receivedEndStream() -> OnEndStream {
    guard !isAnswered, case .receiving(let deframer) = request else { return .ignore }
    request = .ended
    guard deframer.bufferedBytes == 0 else {
      return .fail(RPCError(.invalidArgument, "request ended in the middle of a message"))
    }
    guard let message else {
      return .fail(RPCError(.invalidArgument, "request message is missing"))
    }
    self.message = nil
    return .dispatch(message)
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
      message = nil
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
