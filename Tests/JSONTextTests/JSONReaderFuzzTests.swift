// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import JSONText

@Suite("Hostile JSON", .timeLimit(.minutes(5)))
struct JSONReaderFuzzTests {
  @Test("random bytes end in a value or an error, never beyond the text", arguments: [1, 2, 3])
  func randomBytes(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<5_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      check(bytes)
    }
  }

  @Test("random JSON-like tokens end in a value or an error", arguments: [4, 5, 6])
  func randomTokens(_ seed: UInt64) {
    let tokens = [
      "{", "}", "[", "]", ",", ":", "\"a\"", "\"\\u", "D800", "\"", "\\", "1", "-", ".", "e", "0",
      "true", "null", " ", "é", "\u{0}",
    ]
    var random = SeededGenerator(seed: seed)
    for _ in 0..<10_000 {
      let count = Int.random(in: 0...12, using: &random)
      check(
        (0..<count).flatMap { _ in tokens[Int.random(in: 0..<tokens.count, using: &random)].utf8 })
    }
  }

  @Test("a text with one byte changed is read or refused; what is read ends where the text does")
  func mutations() {
    let text = Array(
      #"{"device_id":"ahu-1","values":[{"v":21.5e0,"t":"2025-01-01T00:00:00Z"}],"x":"\u00e9"}"#.utf8
    )
    var random = SeededGenerator(seed: 7)
    for index in text.indices {
      for _ in 0..<20 {
        var mutated = text
        mutated[index] = UInt8.random(in: 0...255, using: &random)
        check(mutated)
      }
    }
  }

  /// Skips, and reads typed what comes; both must agree on whether it is JSON.
  private func check(_ bytes: [UInt8]) {
    var skipping = JSONReader(bytes, maximumDepth: 8)
    let skipped = Result { () throws(JSONError) in
      try skipping.skipValue()
      try skipping.end()
    }
    var reading = JSONReader(bytes, maximumDepth: 8)
    let read = Result { () throws(JSONError) in
      try readAny(&reading)
      try reading.end()
    }
    switch (skipped, read) {
    case (.success, .success): #expect(skipping.offset == bytes.count)
    case (.failure(let left), .failure(let right)):
      #expect(left == right)
      #expect((0...bytes.count).contains(left.offset))
    case (.success, .failure(let error)): #expect(error.reason == .numberOutOfRange)
    case (.failure, .success): Issue.record("read what cannot be skipped: \(bytes)")
    }
  }

  private func readAny(_ json: inout JSONReader) throws(JSONError) {
    switch try json.peek() {
    case .object:
      try json.beginObject()
      while try json.nextKey() != nil { try readAny(&json) }
    case .array:
      try json.beginArray()
      while try json.nextElement() { try readAny(&json) }
    case .string: _ = try json.readString()
    case .number: _ = try json.readDouble()
    case .bool: _ = try json.readBool()
    case .null: try json.readNull()
    }
  }
}
