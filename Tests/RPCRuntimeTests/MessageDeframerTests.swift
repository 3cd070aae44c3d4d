// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import RPCRuntime

@Suite("Messages are cut out of a stream")
struct MessageDeframerTests {
  private static let messages = ["", "a", "hello, world", String(repeating: "x", count: 300)]

  private static func stream(_ messages: [String]) -> [UInt8] {
    messages.flatMap { text in
      Array(buffer: MessageFrame { $0.writeString(text) }.framed)
    }
  }

  @Test("two cuts anywhere yield the same messages")
  func splits() throws {
    let bytes = Self.stream(Self.messages)
    for first in 0...bytes.count {
      let second = min(bytes.count, first + 7)
      var deframer = MessageDeframer(limit: 300)
      var seen: [String] = []
      for part in [bytes[..<first], bytes[first..<second], bytes[second...]] {
        deframer.append(ByteBuffer(bytes: part))
        while let message = try deframer.next() { seen.append(String(buffer: message)) }
      }
      #expect(seen == Self.messages, "cut at \(first) and \(second)")
      #expect(deframer.bufferedBytes == 0)
    }
  }

  @Test("the limit holds at n−1, n and n+1, before the message arrives", arguments: [9, 10, 11])
  func limit(size: Int) throws {
    var deframer = MessageDeframer(limit: 10)
    var prefix = ByteBuffer()
    prefix.writeInteger(0 as UInt8)
    prefix.writeInteger(UInt32(size))
    deframer.append(prefix)
    if size > 10 {
      #expect(throws: MessageDeframer.Failure.tooLarge(announced: 11, limit: 10)) {
        try deframer.next()
      }
    } else {
      #expect(try deframer.next() == nil)
      deframer.append(ByteBuffer(repeating: 1, count: size))
      #expect(try deframer.next()?.readableBytes == size)
    }
  }

  @Test("flags other than 0 are refused")
  func flags() {
    var compressed = MessageDeframer(limit: 10)
    compressed.append(ByteBuffer(bytes: [1, 0, 0, 0, 0]))
    #expect(throws: MessageDeframer.Failure.compressedWithoutEncoding) { try compressed.next() }
    var unknown = MessageDeframer(limit: 10)
    unknown.append(ByteBuffer(bytes: [0x7F]))
    #expect(throws: MessageDeframer.Failure.unknownFlag(0x7F)) { try unknown.next() }
  }
}
