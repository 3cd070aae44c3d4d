// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Messages on their way to the broker and the callers who wait for them. Filled from any thread, emptied
/// by the publisher's.
final class Outbox: Sendable {
  typealias Continuation = CheckedContinuation<Result<Void, MQTTError>, Never>

  struct Request {
    let messages: [MQTTMessage]
    let continuation: Continuation

    init(_ messages: [MQTTMessage], _ continuation: Continuation) {
      self.messages = messages
      self.continuation = continuation
    }
  }

  struct Item {
    let message: MQTTMessage
    /// Whose it is.
    let request: Int
    /// Order of arrival.
    let number: Int
  }

  private struct State {
    /// Ascending by `number` from `first` on.
    var waiting: [Item] = []
    var first = 0
    var inflight: [Int32: Item] = [:]
    var open: [Int: (remaining: Int, continuation: Continuation)] = [:]
    var lastRequest = 0
    var lastNumber = 0
    var isClosed = false
  }

  private let state = Mutex(State())

  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Messages that the broker has not acknowledged.
  var unacknowledged: Int {
    state.withLock { $0.waiting.count - $0.first + $0.inflight.count }
  }

  /// - Returns: false when closed.
  func append(_ request: Request) -> Bool {
    state.withLock { state in
      guard !state.isClosed else { return false }
      state.lastRequest += 1
      state.open[state.lastRequest] = (request.messages.count, request.continuation)
      for message in request.messages {
        state.lastNumber += 1
        state.waiting.append(
          Item(message: message, request: state.lastRequest, number: state.lastNumber))
      }
      return true
    }
  }

  /// The next message to send; nil when there is none or `window` are on their way.
  func next(window: Int) -> Item? {
    state.withLock { state in
      guard state.first < state.waiting.count, state.inflight.count < window else { return nil }
      let item = state.waiting[state.first]
      state.first += 1
      if state.first == state.waiting.count || state.first >= 4_096 {
        state.waiting.removeFirst(state.first)
        state.first = 0
      }
      return item
    }
  }

  func sent(_ item: Item, as packetID: Int32) {
    state.withLock { $0.inflight[packetID] = item }
  }

  /// Could not be sent after all.
  func returned(_ item: Item) {
    state.withLock { state in
      state.waiting.removeFirst(state.first)
      state.first = 0
      state.waiting.insert(item, at: 0)
    }
  }

  /// Can never be sent: fails its request, whose other messages are withdrawn where they still wait.
  func refused(_ item: Item, _ error: MQTTError) {
    let continuation = state.withLock { state in
      state.waiting.removeFirst(state.first)
      state.first = 0
      state.waiting.removeAll { $0.request == item.request }
      return state.open.removeValue(forKey: item.request)?.continuation
    }
    continuation?.resume(returning: .failure(error))
  }

  func acknowledged(_ packetIDs: [Int32]) {
    guard !packetIDs.isEmpty else { return }
    let completed = state.withLock { state in
      var completed: [Continuation] = []
      for packetID in packetIDs {
        guard let item = state.inflight.removeValue(forKey: packetID),
          let request = state.open[item.request]
        else { continue }  // Sent on an earlier connection: it was queued again.
        if request.remaining == 1 {
          state.open[item.request] = nil
          completed.append(request.continuation)
        } else {
          state.open[item.request]?.remaining -= 1
        }
      }
      return completed
    }
    for continuation in completed { continuation.resume(returning: .success(())) }
  }

  /// Puts what was on its way back to the front, in order.
  func sendAgain() {
    state.withLock { state in
      state.waiting.removeFirst(state.first)
      state.first = 0
      state.waiting.insert(
        contentsOf: state.inflight.values.sorted { $0.number < $1.number }, at: 0)
      state.inflight = [:]
    }
  }

  func close() {
    state.withLock { $0.isClosed = true }
  }

  /// Tells everybody who still waits.
  func failAll() {
    let continuations = state.withLock { state in
      state.isClosed = true
      state.waiting = []
      state.first = 0
      state.inflight = [:]
      defer { state.open = [:] }
      return state.open.values.map(\.continuation)
    }
    for continuation in continuations { continuation.resume(returning: .failure(.stopped)) }
  }
}
