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
        try deframer.append(ByteBuffer(bytes: part))
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
    if size > 10 {
      #expect(throws: MessageDeframer.Failure.tooLarge(announced: 11, limit: 10)) {
        try deframer.append(prefix)
      }
    } else {
      try deframer.append(prefix)
      #expect(try deframer.next() == nil)
      try deframer.append(ByteBuffer(repeating: 1, count: size))
      #expect(try deframer.next()?.readableBytes == size)
    }
  }

  @Test("flags that mean nothing are refused as they come, behind whole messages too")
  func flags() throws {
    for (flag, failure) in [
      (1, .compressedWithoutEncoding), (2, .unknownFlag(2)), (0x7F, .unknownFlag(0x7F)),
    ] as [(UInt8, MessageDeframer.Failure)] {
      var deframer = MessageDeframer(limit: 10)
      try deframer.append(ByteBuffer(bytes: Self.stream(["", "one"])))
      #expect(throws: failure) { try deframer.append(ByteBuffer(bytes: [flag])) }
    }
  }

  @Test("a wrong length is noticed behind messages that wait")
  func lengthBehindMessages() throws {
    var deframer = MessageDeframer(limit: 10)
    try deframer.append(ByteBuffer(bytes: Self.stream(Array(repeating: "", count: 1_000))))
    #expect(deframer.wholeMessages == 1_000)
    #expect(throws: MessageDeframer.Failure.tooLarge(announced: 11, limit: 10)) {
      try deframer.append(ByteBuffer(bytes: [0, 0, 0, 0, 11]))
    }
  }

  @Test("a stream that never pauses between messages keeps no more than what waits")
  func memory() throws {
    var deframer = MessageDeframer(limit: 1_000)
    let bytes = Self.stream([String(repeating: "x", count: 300)])
    // Each part ends in the middle of a message.
    try deframer.append(ByteBuffer(bytes: bytes.prefix(100)))
    for _ in 0..<10_000 {
      try deframer.append(ByteBuffer(bytes: bytes.dropFirst(100) + bytes.prefix(100)))
      #expect(try deframer.next()?.readableBytes == 300)
      #expect(deframer.bufferedBytes == 100)
    }
    #expect(deframer.storageCapacity <= 4_096)
  }
}
