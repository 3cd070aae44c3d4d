// SPDX-License-Identifier: Apache-2.0

/// Which statements a connection has prepared, under which names; gives up the one unused longest.
struct StatementCache {
  private struct Entry {
    let name: String
    var lastUse: UInt64
  }

  private let capacity: Int
  private var entries: [Statement: Entry] = [:]
  private var uses: UInt64 = 0
  private var names: UInt64 = 0

  init(capacity: Int) {
    self.capacity = max(1, capacity)
  }

  var count: Int { entries.count }

  mutating func name(of statement: Statement) -> String? {
    uses += 1
    guard let index = entries.index(forKey: statement) else { return nil }
    entries.values[index].lastUse = uses
    return entries.values[index].name
  }

  /// A name that this connection never used before.
  mutating func freshName() -> String {
    names += 1
    return "s\(names)"
  }

  /// - Returns: the name to deallocate on the server, when the cache was full.
  mutating func insert(_ statement: Statement, name: String) -> String? {
    uses += 1
    entries[statement] = Entry(name: name, lastUse: uses)
    guard entries.count > capacity,
      let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
    else { return nil }
    entries[oldest.key] = nil
    return oldest.value.name
  }
}
