// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Handlers by path, looked up by the bytes that were received: no `String` is made of them. The keys are
/// the server's own, so the hash need not withstand an attacker.
struct PathTable {
  private struct Entry {
    let path: [UInt8]
    let handler: RPCHandler
  }

  /// Open addressing with linear probing, at most a quarter full.
  private var slots: [Entry?]

  /// - Parameter handlers: no two with the same path.
  init(_ handlers: [RPCHandler]) {
    var capacity = 8
    while capacity < handlers.count * 4 { capacity *= 2 }
    slots = Array(repeating: nil, count: capacity)
    for handler in handlers {
      let path = Array(handler.method.path.utf8)
      var slot = unsafe path.withUnsafeBufferPointer { unsafe home($0) }
      while slots[slot] != nil { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Entry(path: path, handler: handler)
    }
  }

  var handlers: [RPCHandler] { slots.compactMap { $0?.handler } }

  subscript(_ path: UnsafeBufferPointer<UInt8>) -> RPCHandler? {
    var slot = unsafe home(path)
    while let entry = slots[slot] {
      if unsafe Self.equal(entry.path, path) { return entry.handler }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// FNV-1a over the last 16 bytes: paths differ at their ends.
  private func home(_ path: UnsafeBufferPointer<UInt8>) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var index = max(0, path.count - 16)
    while index < path.count {
      hash = unsafe (hash ^ UInt64(path[index])) &* 0x100_0000_01b3
      index += 1
    }
    return Int(truncatingIfNeeded: hash >> 32) & (slots.count - 1)
  }

  private static func equal(_ a: [UInt8], _ b: UnsafeBufferPointer<UInt8>) -> Bool {
    guard a.count == b.count, let start = b.baseAddress else { return false }
    return unsafe a.withUnsafeBytes { a in
      guard let own = a.baseAddress else { return true }
      return unsafe memcmp(own, start, a.count) == 0
    }
  }
}
