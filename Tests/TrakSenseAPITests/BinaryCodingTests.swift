// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import RPCRuntime
import Testing

@testable import TrakSenseAPI

@Suite("Binary form", .timeLimit(.minutes(5)))
struct BinaryCodingTests {
  @Test("protoc reads what is written and writes what is read", arguments: Sample.all)
  func foreignPeer(_ sample: Sample) async throws {
    let type = type(of: sample.message)
    #expect(try await Protoc.decode(sample.message.bytes, as: type.fullName) == sample.text)
    let foreign = try await Protoc.encode(sample.text, as: type.fullName)
    #expect(try type.init(bytes: foreign).equals(sample.message))
    #expect(sample.message.bytes == foreign)
  }

  @Test("every message of the .proto has a sample")
  func samplesAreComplete() throws {
    let proto = try String(
      contentsOf: Protoc.root.appending(path: "proto/traksense/v1/telemetry.proto"), encoding: .utf8
    )
    let declared = proto.split(separator: "\n").filter { $0.hasPrefix("message ") }.map {
      "traksense.v1.\($0.split(separator: " ")[1])"
    }
    #expect(declared.count >= 19)
    #expect(Set(Sample.all.map { type(of: $0.message).fullName }) == Set(declared))
  }

  @Test("a message is appended behind what the buffer holds")
  func appends() throws {
    var buffer = ByteBuffer(string: "prefix")
    Sample.reading.encode(into: &buffer)
    #expect(buffer.readString(length: 6) == "prefix")
    #expect(try TraksenseV1.Reading(serialized: buffer) == Sample.reading)
  }

  @Test("a message of many chunks survives", arguments: [100, 1000, 10_000])
  func large(_ count: Int) throws {
    let request = TraksenseV1.IngestRequest(
      tenant: "t",
      readings: (0..<count).map { index in
        TraksenseV1.Reading(
          deviceID: "device-\(index)", sensorID: String(repeating: "s", count: index % 200),
          value: Double(index), unit: "", timestamp: ProtoTimestamp(seconds: Int64(index)))
      })
    #expect(try TraksenseV1.IngestRequest(bytes: request.bytes) == request)
    let block = TraksenseV1.JournalBlock(
      seriesKey: (0..<Int64(count)).map { $0 }, value: (0..<count).map { Double($0) })
    #expect(try TraksenseV1.JournalBlock(bytes: block.bytes) == block)
  }

  /// Debug builds check that memory suffices before anything is packed; here is what takes the most.
  @Test("the longest varints fit the memory taken for them", arguments: [0, 1, 17, 300])
  func longestNumbers(_ count: Int) throws {
    let block = TraksenseV1.JournalBlock(
      seriesKey: Array(repeating: -1, count: count),
      timestampUS: Array(repeating: .min, count: count),
      value: Array(repeating: -.pi, count: count))
    #expect(try TraksenseV1.JournalBlock(bytes: block.bytes) == block)
    #expect(block.frame().message == ByteBuffer(bytes: block.bytes))
    let results = TraksenseV1.IngestResponse(
      results: Array(
        repeating: TraksenseV1.IngestResult(outcome: .unrecognized(-1), reason: "r"), count: count),
      stored: .max, duplicates: .max, refused: .max)
    #expect(try TraksenseV1.IngestResponse(bytes: results.bytes) == results)
    #expect(results.frame().message == ByteBuffer(bytes: results.bytes))
    let latest = TraksenseV1.LatestResponse(
      timestamp: ProtoTimestamp(seconds: .min, nanos: .min),
      readings: Array(repeating: TraksenseV1.Reading(), count: count))
    #expect(try TraksenseV1.LatestResponse(bytes: latest.bytes) == latest)
    #expect(latest.frame().message == ByteBuffer(bytes: latest.bytes))
  }

  @Test("a NUL inside a string is kept both ways", arguments: ["a\0b", "\0", "a\0", "\0a"])
  func embeddedNUL(_ text: String) throws {
    let field = Array(text.utf8)
    let wire: [UInt8] = [0x0A, UInt8(field.count)] + field
    let decoded = try TraksenseV1.Reading(bytes: wire)
    #expect(decoded.deviceID == text)
    #expect(decoded.bytes == wire)
    let repeated: [UInt8] = [0x12, UInt8(field.count)] + field
    let list = try TraksenseV1.LatestRequest(bytes: repeated)
    #expect(list.sensorID == [text])
    #expect(list.bytes == repeated)
  }

  @Test(
    "a string that is not UTF-8 is refused, naming its field",
    arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80]] as [[UInt8]])
  func invalidUTF8(_ text: [UInt8]) {
    #expect(throws: ProtobufError.invalidUTF8(field: "traksense.v1.Reading.unit")) {
      try TraksenseV1.Reading(bytes: [0x22, UInt8(text.count)] + text)
    }
    #expect(throws: ProtobufError.invalidUTF8(field: "traksense.v1.LatestRequest.sensor_id")) {
      try TraksenseV1.LatestRequest(bytes: [0x12, UInt8(text.count)] + text)
    }
    // Inside a message inside a message.
    let reading: [UInt8] = [0x0A, UInt8(text.count)] + text
    #expect(throws: ProtobufError.invalidUTF8(field: "traksense.v1.Reading.device_id")) {
      try TraksenseV1.IngestRequest(bytes: [0x12, UInt8(reading.count)] + reading)
    }
  }

  @Test("unknown fields of every wire type are skipped")
  func unknownFields() throws {
    let unknown: [UInt8] =
      [0xF8, 0x07, 0x96, 0x01]  // 127: varint
      + [0xF9, 0x07, 1, 2, 3, 4, 5, 6, 7, 8]  // 127: 64 bits
      + [0xFA, 0x07, 3, 0xFF, 0xFE, 0xFD]  // 127: length-delimited
      + [0xFD, 0x07, 1, 2, 3, 4]  // 127: 32 bits
    let known = Sample.reading.bytes
    #expect(try TraksenseV1.Reading(bytes: unknown + known + unknown) == Sample.reading)
    // Not passed on either.
    #expect(try TraksenseV1.Reading(bytes: unknown).bytes.isEmpty)
  }

  @Test("repeated numbers are read packed, one by one, and mixed")
  func packedAndNot() throws {
    let packed: [UInt8] = [0x0A, 0x03, 0x01, 0x80, 0x01]
    let single: [UInt8] = [0x08, 0x01, 0x08, 0x80, 0x01]
    #expect(try TraksenseV1.HistoryBlock(bytes: packed).seriesKey == [1, 128])
    #expect(try TraksenseV1.HistoryBlock(bytes: single).seriesKey == [1, 128])
    #expect(try TraksenseV1.HistoryBlock(bytes: packed + single).seriesKey == [1, 128, 1, 128])
    #expect(try TraksenseV1.HistoryBlock(bytes: [0x0A, 0x00]).seriesKey == [])
  }

  @Test("a packed double that is cut is refused")
  func packedCut() {
    for size in 1...7 {
      #expect(throws: ProtobufError.self) {
        try TraksenseV1.HistoryBlock(
          bytes: [0x1A, UInt8(size)] + [UInt8](repeating: 0, count: size))
      }
    }
  }

  @Test("the last of a oneof's members wins")
  func oneofLastWins() throws {
    let gap = TraksenseV1.SubscribeResponse(event: .gap(.init(fromCursor: 1)))
    let start = TraksenseV1.SubscribeResponse(event: .start(.init(cursor: 9)))
    #expect(try TraksenseV1.SubscribeResponse(bytes: gap.bytes + start.bytes) == start)
    #expect(try TraksenseV1.SubscribeResponse(bytes: start.bytes + gap.bytes) == gap)
  }

  @Test("an enum number that is not known is kept", arguments: [4, 1000, Int32.max, -1, Int32.min])
  func unknownEnum(_ number: Int32) throws {
    let result = TraksenseV1.IngestResult(outcome: .init(rawValue: number))
    #expect(result.outcome == .unrecognized(number))
    #expect(try TraksenseV1.IngestResult(bytes: result.bytes) == result)
  }

  @Test("frames carry gRPC's prefix")
  func frames() throws {
    let frame = Sample.reading.frame()
    let size = Sample.reading.bytes.count
    #expect(Array(frame.framed.readableBytesView.prefix(5)) == [0, 0, 0, 0, UInt8(size)])
    #expect(try TraksenseV1.Reading(serialized: frame.message) == Sample.reading)
  }
}
