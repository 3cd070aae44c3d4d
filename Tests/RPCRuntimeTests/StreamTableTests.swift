// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RPCRuntime

@Suite("A map from stream identifiers")
struct StreamTableTests {
  @Test("behaves as a dictionary under any order of insertions and removals")
  func likeDictionary() {
    var table = StreamTable<Int>()
    var expected: [StreamID: Int] = [:]
    var random = SystemRandomNumberGenerator()
    for step in 0..<20_000 {
      // Few keys, some of which collide in small tables.
      let key = StreamID.random(in: 1...80, using: &random) * (step % 3 == 0 ? 65_536 : 1)
      switch step % 5 {
      case 0, 1:
        table.insert(step, for: key)
        expected[key] = step
      case 2, 3: #expect(table.remove(key) == expected.removeValue(forKey: key))
      default: #expect(table[key] == expected[key])
      }
      #expect(table.count == expected.count)
    }
    for (key, value) in expected { #expect(table[key] == value) }
    #expect(table.values.sorted() == expected.values.sorted())
    table.removeAll()
    #expect(table.count == 0)
    #expect(table[1] == nil)
  }

  @Test("streams that come and go need no more room")
  func slidingWindow() {
    var table = StreamTable<Int>()
    for id in stride(from: StreamID(1), to: 100_001, by: 2) {
      table.insert(Int(id), for: id)
      if id > 200 { #expect(table.remove(id - 200) == Int(id - 200)) }
    }
    #expect(table.count == 100)
    #expect(table.capacity <= 256)
  }

  @Test("nothing is found in an empty table")
  func empty() {
    var table = StreamTable<Int>()
    #expect(table[1] == nil)
    #expect(table.remove(1) == nil)
    #expect(table.values.isEmpty)
  }
}
