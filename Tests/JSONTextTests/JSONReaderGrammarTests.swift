// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import JSONText

@Suite("RFC 8259 grammar", .timeLimit(.minutes(5)))
struct JSONReaderGrammarTests {
  static let accepted: [String] = [
    "{}", "[]", "0", "-0", "1", "-1", "1.5", "1e5", "1E+5", "1e-5", "0.0", "0e0", "-0.0e-0", "\"\"",
    "true", "false", "null", " \t\r\n1 \t\r\n", "[1]", "[1,2]", "[ 1 , 2 ]", "{\"a\":1}",
    "{ \"a\" : 1 , \"b\" : [ ] }", "{\"a\":1,\"a\":2}", "{\"\":0}", "\"\\u0000\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\uD83D\\uDE00\"", "\"\\u00e9\\u00E9\"", "\"é😀\"",
    "\"\u{7F}\"", "[[[[]]]]", "123456789012345678901234567890", "1e400", "\"\\uFFFE\"",
  ]

  static let rejected: [String] = [
    "", " ", "{", "}", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1,,2]", "{\"a\"",
    "{\"a\":",
    "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{a:1}", "{1:1}", "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":}", "01", "-01", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "0x10", "1_000", "1 2",
    "NaN",
    "Infinity", "-Infinity", "nan", "tru", "True", "truex", "nul", "nulll", "fals", "\"", "\"a",
    "\"\\", "\"\\\"", "\"\\x\"", "\"\\u\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\uD800\"",
    "\"\\uDC00\"",
    "\"\\uD800\\u0041\"", "\"\\uD800\\uD800\"", "\"\\uD800x\"", "\"\\uD800\\n\"",
    "\"\\uD83D\\uDE\"",
    "\"\n\"", "\"\t\"", "\"\u{0}\"", "\"\u{1F}\"", "'a'", "[1]]", "{}}", "// 1", "1 // x", "/**/1",
    "[\"a\",\n4\n,1,", "{\"a\":/**/1}", "[1}", "{\"a\":1]", "\u{FEFF}1", "\u{A0}1", "1\u{0C}",
    "[-]",
    "[1e1.5]", "{\"a\":1,\"b\"}", "[true,fals]", "\"\\U0041\"",
  ]

  @Test("accepts", arguments: accepted)
  func accepts(_ text: String) throws {
    var json = JSONReader(Array(text.utf8))
    try json.skipValue()
    try json.end()
  }

  @Test("rejects", arguments: rejected)
  func rejects(_ text: String) {
    #expect(throws: JSONError.self) {
      var json = JSONReader(Array(text.utf8))
      try json.skipValue()
      try json.end()
    }
  }

  static let invalidUTF8: [[UInt8]] = [
    [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
    [0xF0, 0x80, 0x80, 0x80],
    [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xC3], [0xE2, 0x82], [0xFF], [0xFE],
  ]

  @Test(
    "rejects invalid UTF-8 with and without escapes around it, naming the byte",
    arguments: invalidUTF8)
  func rejectsInvalidUTF8(_ bad: [UInt8]) {
    for (prefix, suffix) in [("ab", ""), ("\\n", ""), ("", "\\n"), ("", "")] {
      let text = Array("\"\(prefix)".utf8) + bad + Array("\(suffix)\"".utf8)
      let error = #expect(throws: JSONError.self) {
        var json = JSONReader(text)
        try json.skipValue()
      }
      #expect(error?.reason == .invalidUTF8)
      #expect(error?.offset == 1 + prefix.utf8.count)
    }
  }

  @Test("names the byte where the text stops being JSON")
  func offsets() {
    for (text, offset) in [("[1,x]", 3), ("{\"a\":1,}", 7), ("[1 2]", 3), ("{}x", 2), ("[", 1)] {
      let error = #expect(throws: JSONError.self) {
        var json = JSONReader(Array(text.utf8))
        try json.skipValue()
        try json.end()
      }
      #expect(error?.offset == offset, "\(text)")
    }
  }

  @Test("containers nest to the limit and not beyond", arguments: [1, 2, 64])
  func depthLimit(_ limit: Int) throws {
    for depth in [limit - 1, limit] {
      var json = JSONReader(nested(depth), maximumDepth: limit)
      try json.skipValue()
      try json.end()
      #expect(json.depth == 0)
    }
    let error = #expect(throws: JSONError.self) {
      var json = JSONReader(nested(limit + 1), maximumDepth: limit)
      try json.skipValue()
    }
    #expect(error == JSONError(.tooDeep, at: limit))
  }

  @Test("a hundred thousand brackets are refused without recursion")
  func manyBrackets() {
    let error = #expect(throws: JSONError.self) {
      var json = JSONReader([UInt8](repeating: UInt8(ascii: "["), count: 100_000))
      try json.skipValue()
    }
    #expect(error?.reason == .tooDeep)
  }

  @Test("every prefix of a text is refused")
  func prefixes() throws {
    let text = Array(#"{"a":[1.5e3,true,null,"x\u00e9\ud83d\ude00é"],"b":{"c":-0}}"#.utf8)
    for length in 0..<text.count {
      #expect(throws: JSONError.self) {
        var json = JSONReader(Array(text[..<length]))
        try json.skipValue()
        try json.end()
      }
    }
  }

  private func nested(_ depth: Int) -> [UInt8] {
    guard depth > 0 else { return Array("1".utf8) }
    return [UInt8](repeating: UInt8(ascii: "["), count: depth)
      + [UInt8](repeating: UInt8(ascii: "]"), count: depth)
  }
}
