// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import JSONText

@Suite("Writing JSON", .timeLimit(.minutes(5)))
struct JSONWriterTests {
  @Test("commas stand between values and nowhere else")
  func commas() {
    var json = JSONWriter(appendingTo: Array("x=".utf8))
    json.beginObject()
    json.key("a")
    json.beginArray()
    json.integer(-1)
    json.integer(UInt64.max)
    json.quotedInteger(Int64.min)
    json.beginArray()
    json.endArray()
    json.beginObject()
    json.endObject()
    json.endArray()
    json.key(String("b\""))
    json.bool(true)
    json.key("c")
    json.null()
    json.key("d")
    json.raw("[1]".utf8)
    json.key("e")
    json.double(23)
    json.endObject()
    #expect(
      String(decoding: json.bytes, as: UTF8.self)
        == #"x={"a":[-1,18446744073709551615,"-9223372036854775808",[],{}],"b\"":true,"#
        + #""c":null,"d":[1],"e":23.0}"#)
  }

  @Test(
    "what JSON has no number for becomes proto3 JSON's strings",
    arguments: [
      (Double.nan, "\"NaN\""), (.infinity, "\"Infinity\""), (-.infinity, "\"-Infinity\""),
    ])
  func notFinite(_ value: Double, _ expected: String) {
    var json = JSONWriter()
    json.double(value)
    #expect(String(decoding: json.bytes, as: UTF8.self) == expected)
  }

  @Test("every scalar below U+0200 and some above survive being written and read")
  func strings() throws {
    let scalars =
      (0..<0x200).compactMap(Unicode.Scalar.init(_:)) + ["€", "\u{2028}", "😀", "\u{10FFFF}"]
    for scalar in scalars {
      let text = "<\(Character(scalar))>"
      var writer = JSONWriter()
      writer.string(text)
      #expect(writer.bytes.allSatisfy { $0 >= 0x20 })
      var reader = JSONReader(writer.bytes)
      #expect(Array(try reader.readString().unicodeScalars) == Array(text.unicodeScalars))
      try reader.end()
    }
  }

  @Test("random doubles and integers survive being written and read")
  func numbers() throws {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<20_000 {
      let bits = UInt64.random(in: 0...UInt64.max, using: &random)
      let double = Double(bitPattern: bits)
      guard double.isFinite else { continue }
      let integer = Int64(bitPattern: bits) >> Int64(bits & 63)
      var writer = JSONWriter()
      writer.beginArray()
      writer.double(double)
      writer.integer(integer)
      writer.endArray()
      var reader = JSONReader(writer.bytes)
      try reader.beginArray()
      #expect(try reader.nextElement())
      #expect(try reader.readDouble().bitPattern == double.bitPattern)
      #expect(try reader.nextElement())
      #expect(try reader.readInt64() == integer)
      #expect(try !reader.nextElement())
      try reader.end()
    }
  }
}
