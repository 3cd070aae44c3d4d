// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Hands events from the task that reads the call to the task that writes the response, one at a time: the
/// first waits until the second has taken the last one, so that a slow client slows the call down and
/// nothing piles up. Keep-alives go in between only when there is nothing else.
final class EventMailbox: Sendable {
  /// Why the stream ends.
  enum End: Hashable, Sendable {
    /// Nobody reads any more.
    case cancelled
    /// The client is told this.
    case closed(String)
  }

  /// What the writer does next.
  enum Item: Hashable, Sendable {
    case event(ByteBuffer)
    case end(End)
  }

  private struct State {
    var slot: ByteBuffer?
    var end: End?
    var taker: CheckedContinuation<Item, Never>?
    var putter: CheckedContinuation<Bool, Never>?
  }

  private let state = Mutex(State())

  /// Waits for the next item. After the end it returns the end for ever.
  func take() async -> Item {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        typealias Ready = (item: Item, putter: CheckedContinuation<Bool, Never>?)
        let ready = state.withLock { state -> Ready? in
          if let event = state.slot {
            state.slot = nil
            defer { state.putter = nil }
            return (.event(event), state.putter)
          }
          if let end = state.end { return (.end(end), nil) }
          state.taker = continuation
          return nil
        }
        guard let ready else { return }
        continuation.resume(returning: ready.item)
        ready.putter?.resume(returning: true)
      }
    } onCancel: {
      finish(.cancelled)
    }
  }

  /// Hands over an event; returns when it was taken.
  /// - Returns: false when the stream is over.
  func put(_ event: ByteBuffer) async -> Bool {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        enum Step {
          case over
          case deliver(CheckedContinuation<Item, Never>)
          case wait
        }
        let step = state.withLock { state -> Step in
          guard state.end == nil else { return .over }
          if let taker = state.taker {
            state.taker = nil
            return .deliver(taker)
          }
          state.slot = event
          state.putter = continuation
          return .wait
        }
        switch step {
        case .over: continuation.resume(returning: false)
        case .deliver(let taker):
          taker.resume(returning: .event(event))
          continuation.resume(returning: true)
        case .wait: break
        }
      }
    } onCancel: {
      finish(.cancelled)
    }
  }

  /// Hands over a keep-alive if the writer is waiting; does nothing otherwise.
  func offerKeepAlive() {
    state.withLock { state -> CheckedContinuation<Item, Never>? in
      defer { state.taker = nil }
      return state.taker
    }?.resume(returning: .event(ServerSentEvent.keepAlive))
  }

  /// Ends the stream; an event that was not taken yet is dropped. Only the first end counts.
  func finish(_ end: End) {
    typealias Waiting = (CheckedContinuation<Item, Never>?, CheckedContinuation<Bool, Never>?)
    let (taker, putter) = state.withLock { state -> Waiting in
      guard state.end == nil else { return (nil, nil) }
      state.end = end
      state.slot = nil
      defer {
        state.taker = nil
        state.putter = nil
      }
      return (state.taker, state.putter)
    }
    taker?.resume(returning: .end(end))
    putter?.resume(returning: false)
  }
}
