// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RESTBridge

@Suite("multipart/form-data")
struct MultipartReaderTests {
  /// What a body holds, with the data of a part in one piece.
  /// - Parameter cuts: where it is cut.
  static func read(
    _ body: [UInt8], boundary: String = "B", limits: MultipartReader.Limits = .init(total: 1 << 20),
    cuts: [Int] = []
  ) throws -> [MultipartReader.Event] {
    var reader = MultipartReader(
      boundary: try #require(MultipartBoundary(boundary)), limits: limits)
    var events: [MultipartReader.Event] = []
    var start = 0
    for end in cuts + [body.count] {
      try reader.append(body[start..<end])
      start = end
      while let event = try reader.next() {
        if case .data(let more) = event, case .data(let before)? = events.last {
          events[events.count - 1] = .data(before + more)
        } else {
          events.append(event)
        }
      }
    }
    try reader.finish()
    return events
  }

  static func lines(_ lines: String...) -> [UInt8] { Array(lines.joined(separator: "\r\n").utf8) }

  static let simple = lines(
    "--B", #"Content-Disposition: form-data; name="avatar"; filename="a.png""#, "",
    "\r\r\n-\r\n--A\r",
    "--B", #"Content-Disposition: form-data; name=x"#, "", "--B--", "")

  static let simpleEvents: [MultipartReader.Event] = [
    .part(.init(name: "avatar", filename: "a.png")), .data(Array("\r\r\n-\r\n--A\r".utf8)),
    .partEnd,
    .part(.init(name: "x", filename: nil)), .partEnd, .end,
  ]

  @Test("parts come out, whatever is between and around them")
  func parts() throws {
    #expect(try Self.read(Self.simple) == Self.simpleEvents)
    #expect(
      try Self.read(Array("junk\r\n".utf8) + Self.simple + Array("\r\n--B\r\njunk".utf8))
        == Self.simpleEvents)
  }

  @Test("a body means the same however it is cut")
  func everySplit() throws {
    let body = Array("p\r\n".utf8) + Self.simple + Array("e".utf8)
    for first in 0...body.count {
      #expect(try Self.read(body, cuts: [first]) == Self.simpleEvents)
    }
    for first in stride(from: 0, to: body.count, by: 3) {
      for second in stride(from: first, through: body.count, by: 5) {
        #expect(try Self.read(body, cuts: [first, second]) == Self.simpleEvents)
      }
    }
    #expect(try Self.read(body, cuts: Array(1..<body.count)) == Self.simpleEvents)
  }

  @Test("a line that begins as the boundary does is refused: no sender may write it")
  func longerBoundary() {
    #expect(throws: MultipartReader.Failure.malformed("the boundary is not on a line of its own")) {
      try Self.read(
        Self.lines("--B", "Content-Disposition: form-data; name=a", "", "x", "--Bear", "--B--"))
    }
  }

  @Test("spaces behind a boundary, escaped quotes and line breaks in values do no harm")
  func oddities() throws {
    let body = Self.lines(
      "--B \t ", #"X: y"#,
      #"content-disposition:form-data ; filename="a \"b\"; c\\.png" ;name=avatar;"#,
      "", "x", "--B--")
    #expect(
      try Self.read(body) == [
        .part(.init(name: "avatar", filename: #"a "b"; c\.png"#)), .data([0x78]), .partEnd, .end,
      ])
  }

  @Test(
    "what is no form is refused",
    arguments: [
      "", "--B", "no boundary", "--A--",
      "--B\r\n\r\nx\r\n--B--", "--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--",
      "--B\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--B--",
      "--B\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--B--",
      "--B\r\nContent-Disposition: form-data; name=a b\r\n\r\nx\r\n--B--",
      "--B\r\nnonsense\r\n\r\nx\r\n--B--",
      "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx",
      "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--B",
      "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--B-",
      "--Bx\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--B--",
    ])
  func malformed(text: String) {
    for cuts in [[], Array(0..<text.utf8.count)] {
      #expect(throws: MultipartReader.Failure.self) { try Self.read(Array(text.utf8), cuts: cuts) }
    }
  }

  @Test("an empty form has no parts")
  func empty() throws {
    #expect(try Self.read(Array("--B--".utf8)) == [.end])
  }

  @Test("limits hold: one less passes, one more does not")
  func limits() throws {
    func part(header: Int) -> [UInt8] {
      let start = "Content-Disposition: form-data; name="
      return Array(
        "--B\r\n\(start)\(String(repeating: "n", count: header - start.utf8.count))\r\n\r\nx\r\n--B--"
          .utf8)
    }
    let limits = MultipartReader.Limits(total: 1000, header: 100, parts: 3)
    // The line break in front of the header counts with it.
    _ = try Self.read(part(header: 97), limits: limits)
    _ = try Self.read(part(header: 98), limits: limits)
    #expect(throws: MultipartReader.Failure.self) {
      try Self.read(part(header: 99), limits: limits)
    }
    let one = "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n"
    for count in 2...4 {
      let body = Array((String(repeating: one, count: count) + "--B--").utf8)
      if count <= 3 {
        #expect(try Self.read(body, limits: limits).count == count * 3 + 1)
      } else {
        #expect(throws: MultipartReader.Failure.malformed("more than 3 parts")) {
          try Self.read(body, limits: limits)
        }
      }
    }
    for surplus in 0...1 {
      let body = Array((one + "--B--").utf8)
      let whole = body + Array(repeating: 0, count: 1000 - body.count + surplus)
      if surplus == 0 {
        #expect(try Self.read(whole, limits: limits).last == .end)
      } else {
        #expect(throws: MultipartReader.Failure.tooLong) { try Self.read(whole, limits: limits) }
      }
    }
  }

  @Test("a boundary is 1 to 70 of the characters allowed, and comes from the content type")
  func boundaries() {
    for text in [
      "a", String(repeating: "b", count: 70), "'()+_,-./:=? x", "----WebKitFormBoundaryX",
    ] {
      #expect(MultipartBoundary(text)?.text == text)
    }
    for text in ["", String(repeating: "b", count: 71), "a ", "a\"b", "a\r\nb", "é", "a;b", "a*b"] {
      #expect(MultipartBoundary(text) == nil)
    }
    for type in [
      "multipart/form-data; boundary=B", "Multipart/Form-Data;charset=utf-8; BOUNDARY=\"B\" ;",
    ] {
      #expect(MultipartBoundary(contentType: type)?.text == "B")
    }
    for type in [
      nil, "", "multipart/form-data", "multipart/mixed; boundary=B",
      "multipart/form-data; boundary=",
      "multipart/form-data; boundary=\"B", "application/json", "multipart/form-data; boundary",
    ] {
      #expect(MultipartBoundary(contentType: type) == nil)
    }
  }
}
