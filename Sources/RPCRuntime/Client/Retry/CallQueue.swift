// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Calls that wait to be sent, in order, at most so many.
final class CallQueue {
  private var calls = CircularBuffer<ClientStream>()
  /// Those of `calls` that have not given up.
  private(set) var count = 0
  private let limit: Int

  init(limit: Int) {
    self.limit = limit
  }

  /// Adds a call, or fails it when there are too many.
  func append(_ call: ClientStream) {
    guard count < limit else {
      return call.fail(RPCError(.resourceExhausted, "\(count) calls wait to be sent already"))
    }
    count += 1
    calls.append(call)
    call.isWaiting(in: self)
  }

  func popFirst() -> ClientStream? {
    while let call = calls.popFirst() {
      if call.waits(in: self) {
        count -= 1
        return call
      }
    }
    return nil
  }

  /// Takes out all that wait.
  func popAll() -> [ClientStream] {
    var all: [ClientStream] = []
    while let call = popFirst() { all.append(call) }
    return all
  }

  /// A call that was waiting has given up.
  func left() {
    count -= 1
    // Those that gave up are dropped when they are the greater part.
    if calls.count > 2 * count + 16 { calls.removeAll { !$0.waits(in: self) } }
  }
}
