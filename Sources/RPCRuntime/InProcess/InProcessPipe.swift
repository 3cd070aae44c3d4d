// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// A bounded pipe between two ends of a call in the same process: responses on their way to the caller, or
/// requests on their way to the handler.
final class InProcessPipe: ResponseSink, ResponseSource, RequestSink, RequestSource {
  /// Bytes that may wait for the reader before the handler suspends. Default 64 KiB, as on the wire.
  private static let highWatermark = 64 * 1024

  private struct State {
    var waiting = CircularBuffer<ByteBuffer>()
    var waitingBytes = 0
    var end: End = .open
    var reader: CheckedContinuation<Result<ByteBuffer?, RPCError>, Never>?
    var writer: CheckedContinuation<Bool, Never>?
    var cancel: (@Sendable () -> Void)?
  }

  private enum End {
    case open
    case finished(RPCError?)
    case cancelled
  }

  private let state = Mutex(State())

  /// What to do when the reader goes away.
  func onCancel(_ action: @escaping @Sendable () -> Void) {
    let alreadyCancelled = state.withLock { state in
      if case .cancelled = state.end { return true }
      state.cancel = action
      return false
    }
    if alreadyCancelled { action() }
  }

  func write(_ message: MessageFrame) async throws(RPCError) {
    if Task.isCancelled { throw RPCError(.cancelled, "call cancelled") }
    enum Step {
      case over
      case proceed
      case deliver(CheckedContinuation<Result<ByteBuffer?, RPCError>, Never>)
      case wait
    }
    let step = state.withLock { state -> Step in
      guard case .open = state.end else { return .over }
      if let reader = state.reader {
        state.reader = nil
        return .deliver(reader)
      }
      state.waiting.append(message.message)
      state.waitingBytes += message.framed.readableBytes
      return state.waitingBytes > Self.highWatermark ? .wait : .proceed
    }
    switch step {
    case .over: throw RPCError(.cancelled, "call cancelled")
    case .proceed: return
    case .deliver(let reader): reader.resume(returning: .success(message.message))
    case .wait:
      let goesOn = await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let ready = state.withLock { state -> Bool? in
            guard case .open = state.end, !Task.isCancelled else { return false }
            if state.waitingBytes <= Self.highWatermark { return true }
            state.writer = continuation
            return nil
          }
          if let ready { continuation.resume(returning: ready) }
        }
      } onCancel: {
        state.withLock { state in
          defer { state.writer = nil }
          return state.writer
        }?.resume(returning: false)
      }
      guard goesOn else { throw RPCError(.cancelled, "call cancelled") }
    }
  }

  /// As on the wire, a caller whose task is cancelled while it writes cancels the call.
  func writeRequest(_ message: MessageFrame) async throws(RPCError) {
    try await withTaskCancellationHandler {
      await Result { () async throws(RPCError) in try await write(message) }
    } onCancel: {
      cancel()
    }.get()
  }

  func finishRequests() async { finish(nil) }

  func nextRequest() async throws(RPCError) -> ByteBuffer? { try await next() }

  /// The writing end is done; what it wrote can still be read.
  func finish(_ error: RPCError?) {
    let reader = state.withLock {
      state -> CheckedContinuation<Result<ByteBuffer?, RPCError>, Never>? in
      guard case .open = state.end else { return nil }
      state.end = .finished(error)
      state.cancel = nil
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume(returning: error.map { .failure($0) } ?? .success(nil))
  }

  func next() async throws(RPCError) -> ByteBuffer? {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        typealias Immediate = (Result<ByteBuffer?, RPCError>, CheckedContinuation<Bool, Never>?)
        let immediate = state.withLock { state -> Immediate? in
          if let message = state.waiting.popFirst() {
            state.waitingBytes -= message.readableBytes + MessageFrame.prefixLength
            guard state.waitingBytes <= Self.highWatermark / 2 else {
              return (.success(message), nil)
            }
            defer { state.writer = nil }
            return (.success(message), state.writer)
          }
          switch state.end {
          case .finished(nil): return (.success(nil), nil)
          case .finished(let error?): return (.failure(error), nil)
          case .cancelled: return (.failure(RPCError(.cancelled, "call cancelled")), nil)
          case .open:
            if Task.isCancelled {
              return (.failure(RPCError(.cancelled, "call cancelled")), nil)
            }
            state.reader = continuation
            return nil
          }
        }
        if let (result, writer) = immediate {
          continuation.resume(returning: result)
          writer?.resume(returning: true)
        }
      }
    } onCancel: {
      cancel()
    }
    return try result.get()
  }

  func cancel() {
    typealias Waiting = (
      CheckedContinuation<Result<ByteBuffer?, RPCError>, Never>?,
      CheckedContinuation<Bool, Never>?, (@Sendable () -> Void)?
    )
    let (reader, writer, action) = state.withLock { state -> Waiting in
      guard case .open = state.end else { return (nil, nil, nil) }
      state.end = .cancelled
      defer {
        state.reader = nil
        state.writer = nil
        state.cancel = nil
      }
      return (state.reader, state.writer, state.cancel)
    }
    reader?.resume(returning: .failure(RPCError(.cancelled, "call cancelled")))
    writer?.resume(returning: false)
    action?()
  }
}
