// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import JSONText

@Suite("JSON values", .timeLimit(.minutes(5)))
struct JSONReaderValueTests {
  @Test("members are pulled by name, in order, duplicates included")
  func members() throws {
    var json = JSONReader(
      Array(#"{"a":1, "\u0062":2.5, "a":"x", "other":[{},[1]], "z":null}"#.utf8))
    var seen: [String] = []
    try json.beginObject()
    while let key = try json.nextKey() {
      seen.append(key.description)
      switch key {
      case "a" where seen.count == 1: #expect(try json.readInt64() == 1)
      case "a": #expect(try json.readString() == "x")
      case "b": #expect(try json.readDouble() == 2.5)
      case "z": try json.readNull()
      default: try json.skipValue()
      }
    }
    try json.end()
    #expect(seen == ["a", "b", "a", "other", "z"])
  }

  @Test("elements are pulled one by one")
  func elements() throws {
    var json = JSONReader(Array(" [ true , false,\"\", [ ] ] ".utf8))
    try json.beginArray()
    #expect(try json.nextElement())
    #expect(try json.readBool())
    #expect(try json.nextElement())
    #expect(try !json.readBool())
    #expect(try json.nextElement())
    #expect(try json.readString() == "")
    #expect(try json.nextElement())
    #expect(try json.peek() == .array)
    try json.beginArray()
    #expect(try !json.nextElement())
    #expect(try !json.nextElement())
    try json.end()
  }

  @Test(
    "escapes are resolved",
    arguments: [
      (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""a\u0000b""#, "a\0b"),
      (#""\u20ac\uD83D\uDE00x""#, "€😀x"), (#""é\né""#, "é\né"),
      (#""\uDBFF\uDFFF\uD800\uDC00""#, "\u{10FFFF}\u{10000}"),
    ])
  func escapes(_ text: String, _ expected: String) throws {
    var json = JSONReader(Array(text.utf8))
    #expect(try json.readString() == expected)
    try json.end()
  }

  @Test("a key equals only its own literal")
  func keys() throws {
    var json = JSONReader(Array(#"{"sensor_id":1}"#.utf8))
    try json.beginObject()
    let key = try #require(try json.nextKey())
    #expect(key == "sensor_id")
    for other: StaticString in ["sensor_i", "sensor_idx", "sensor_ie", "", "Sensor_id"] {
      #expect(!(key == other))
    }
  }

  @Test(
    "a value of another kind is refused, naming both kinds",
    arguments: ["{}", "[]", "\"\"", "1", "true", "null"])
  func mismatches(_ text: String) throws {
    let bytes = Array(text.utf8)
    var peeking = JSONReader(bytes)
    let found = try peeking.peek()
    let reads: [(JSONKind, (inout JSONReader) throws(JSONError) -> Void)] = [
      (.object, { json throws(JSONError) in try json.beginObject() }),
      (.array, { json throws(JSONError) in try json.beginArray() }),
      (.string, { json throws(JSONError) in _ = try json.readString() }),
      (.number, { json throws(JSONError) in _ = try json.readDouble() }),
      (.number, { json throws(JSONError) in _ = try json.readInt64() }),
      (.bool, { json throws(JSONError) in _ = try json.readBool() }),
      (.null, { json throws(JSONError) in try json.readNull() }),
    ]
    for (kind, read) in reads where kind != found {
      var json = JSONReader(bytes)
      #expect(throws: JSONError(.typeMismatch(expected: kind, found: found), at: 0)) {
        try read(&json)
      }
    }
  }

  @Test(
    "integers are exact",
    arguments: [
      ("0", 0), ("-0", 0), ("0.0", 0), ("0e99", 0), ("1", 1), ("-1", -1), ("1.0", 1), ("1e3", 1000),
      ("1500e-2", 15), ("1.5e1", 15), ("9007199254740993", 9_007_199_254_740_993),
      ("9223372036854775807", .max), ("-9223372036854775808", .min),
      ("922337203685477580.7e1", .max),
    ] as [(String, Int64)])
  func integers(_ text: String, _ expected: Int64) throws {
    var json = JSONReader(Array(text.utf8))
    #expect(try json.readInt64() == expected)
    try json.end()
  }

  @Test(
    "integers that do not fit are refused",
    arguments: [
      ("9223372036854775808", JSONError.Reason.numberOutOfRange),
      ("-9223372036854775809", .numberOutOfRange), ("1e19", .numberOutOfRange),
      ("1e999999999999", .numberOutOfRange), ("18446744073709551616", .numberOutOfRange),
      ("1.5", .notAnInteger), ("1e-1", .notAnInteger), ("-0.5", .notAnInteger),
    ])
  func integersOutOfRange(_ text: String, _ reason: JSONError.Reason) {
    var json = JSONReader(Array(text.utf8))
    #expect(throws: JSONError(reason, at: 0)) { try json.readInt64() }
  }

  @Test(
    "doubles are the nearest there are",
    arguments: [
      "0", "-0", "23.0", "23.45", "-17.3", "0.1", "1e22", "1e23", "9007199254740993", "5e-324",
      "2.2250738585072011e-308", "1.7976931348623157e308", "123456789012345678901234567890",
      "0.30000000000000004", "179769313486231580793e287", "1e-22", "1e-23",
      "1.00000000000000000000",
      "9007199254740992e22", "8.988465674311579e307", "1e-400",
    ])
  func doubles(_ text: String) throws {
    var json = JSONReader(Array(text.utf8))
    let value = try json.readDouble()
    try json.end()
    let expected = try #require(Double(text))
    #expect(value.bitPattern == expected.bitPattern)
  }

  @Test(
    "a double beyond the largest is refused",
    arguments: ["1e309", "-1e309", "1e99999999999999999999"])
  func doublesOutOfRange(_ text: String) {
    var json = JSONReader(Array(text.utf8))
    #expect(throws: JSONError(.numberOutOfRange, at: 0)) { try json.readDouble() }
  }

  @Test("random decimal numbers read as the standard library reads them")
  func randomDoubles() throws {
    var random = SeededGenerator(seed: 8259)
    for _ in 0..<20_000 {
      var text = String(
        UInt64.random(in: 0...UInt64.max, using: &random)
          >> UInt64.random(in: 0..<64, using: &random))
      if Bool.random(using: &random) {
        text += ".\(UInt32.random(in: 0...9_999_999, using: &random))"
      }
      if Bool.random(using: &random) { text += "e\(Int.random(in: -40...40, using: &random))" }
      var json = JSONReader(Array(text.utf8))
      let value = try json.readDouble()
      #expect(value.bitPattern == Double(text)?.bitPattern, "\(text)")
    }
  }
}
