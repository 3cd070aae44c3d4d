// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import TestSupport
import Testing

@testable import TrakSenseAPI

@Suite("Hostile binary form", .serialized, .timeLimit(.minutes(5)))
struct HostileBinaryTests {
  @Test("a message cut at any byte is refused or is a message", arguments: Sample.all)
  func truncated(_ sample: Sample) {
    let bytes = sample.message.bytes
    for length in 0..<bytes.count { decode(type(of: sample.message), Array(bytes[..<length])) }
  }

  @Test("a message with any byte changed is refused or is a message", arguments: Sample.all)
  func mutated(_ sample: Sample) {
    var random = SeededGenerator(seed: 3)
    let bytes = sample.message.bytes
    for index in bytes.indices {
      for _ in 0..<16 {
        var mutated = bytes
        mutated[index] = UInt8.random(in: 0...255, using: &random)
        decode(type(of: sample.message), mutated)
      }
    }
  }

  @Test("random bytes are refused or are a message", arguments: Sample.all)
  func randomBytes(_ sample: Sample) {
    var random = SeededGenerator(seed: 4)
    for _ in 0..<1000 {
      let bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in
        // Small numbers more often: they are plausible tags and lengths.
        UInt8.random(in: 0...(Bool.random(using: &random) ? 0x2F : 0xFF), using: &random)
      }
      decode(type(of: sample.message), bytes)
    }
  }

  @Test(
    "a length beyond the message is refused",
    arguments: [
      [0x0A, 0x02, 0x61], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07],
      [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
      [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
      [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x0A], [0x0A, 0x80],
      [0x2A, 0x05, 0x08, 0x01], [0x09, 1, 2, 3], [0x0D, 1, 2, 3], [0x08], [0x80], [0x0B],
      [0x0F, 0],
    ] as [[UInt8]])
  func badLengths(_ bytes: [UInt8]) {
    #expect(throws: ProtobufError.malformed(message: "traksense.v1.Reading")) {
      try TraksenseV1.Reading(bytes: bytes)
    }
  }

  @Test("two bytes a submessage unpack up to the fixed limit and are refused beyond it")
  func expansion() throws {
    func request(_ count: Int) -> [UInt8] {
      (0..<count).flatMap { _ in [0x12, 0x00] as [UInt8] }
    }
    #expect(try TraksenseV1.IngestRequest(bytes: request(100_000)).readings.count == 100_000)
    // 4 MiB on the wire would be about 400 MiB unpacked.
    #expect(throws: ProtobufError.malformed(message: "traksense.v1.IngestRequest")) {
      try TraksenseV1.IngestRequest(bytes: request(2 << 20))
    }
  }

  @Test("a submessage sent in very many parts is refused before it costs quadratic memory")
  func mergeBomb() {
    let parts = (0..<(1 << 20)).flatMap { _ in [0x2A, 0x02, 0x08, 0x01] as [UInt8] }
    let clock = ContinuousClock()
    let time = clock.measure {
      #expect(throws: ProtobufError.malformed(message: "traksense.v1.HistoryResponse")) {
        try TraksenseV1.HistoryResponse(bytes: parts)
      }
    }
    #expect(time < .seconds(60))
  }

  @Test("an arena gives what its budget allows and not a byte more")
  func budget() {
    withUnsafeTemporaryAllocation(byteCount: 64, alignment: 16) { scratch in
      for size in [0, 1, 63, 64, 65, 100_000] {
        var exact = Arena(scratch: scratch, budget: size)
        #expect(exact.takeWithinBudget(size + 1) == nil)
        #expect(exact.takeWithinBudget(-1) == nil)
        #expect(exact.takeWithinBudget(size) != nil)
        #expect(exact.takeWithinBudget(1) == nil)
      }
    }
  }

  @Test("what an arena gives is aligned, writable and does not overlap")
  func arenaBlocks() {
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 16) { scratch in
      var random = SeededGenerator(seed: 5)
      var arena = Arena(scratch: scratch, budget: .max)
      var blocks: [(UnsafeMutableRawPointer, Int, UInt8)] = []
      for index in 0..<500 {
        let size = Int.random(in: 1...(index.isMultiple(of: 50) ? 20_000 : 300), using: &random)
        let block = arena.take(size)
        #expect(UInt(bitPattern: block) % 8 == 0)
        let fill = UInt8(truncatingIfNeeded: index)
        memset(block, Int32(fill), size)
        blocks.append((block, size, fill))
      }
      for (block, size, fill) in blocks {
        #expect(UnsafeRawBufferPointer(start: block, count: size).allSatisfy { $0 == fill })
      }
    }
  }

  @Test("decoding and refusing leave no memory behind")
  func noLeaks() throws {
    let good = TraksenseV1.IngestRequest(
      readings: [TraksenseV1.Reading](repeating: Sample.reading, count: 100)
    ).bytes
    let cut = Array(good.dropLast())
    let notText = good + [0x0A, 0x01, 0xFF]
    func round() {
      for bytes in [good, cut, notText] { decode(TraksenseV1.IngestRequest.self, bytes) }
    }
    for _ in 0..<100 { round() }
    let before = try residentBytes()
    for _ in 0..<1000 { round() }
    let growth = try residentBytes() - before
    // One arena leaked in each round would be 56 MB; other suites run at the same time.
    #expect(growth < 32 << 20, "grew by \(growth) bytes")
  }

  private func residentBytes() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    return try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * 4096
  }

  /// Decodes; what decodes must encode to something that decodes to the same.
  private func decode(_ type: any ProtobufMessage.Type, _ bytes: [UInt8]) {
    func check<Message: ProtobufMessage>(_ type: Message.Type) {
      guard let message = try? Message(bytes: bytes) else { return }
      let again = message.bytes
      // NaN is not equal to itself; the bytes are.
      #expect((try? Message(bytes: again))?.bytes == again)
    }
    check(type)
  }
}
