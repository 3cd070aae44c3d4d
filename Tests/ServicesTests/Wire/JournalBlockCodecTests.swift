// SPDX-License-Identifier: Apache-2.0

import Domain
import NIOCore
import Services
import TestSupport
import Testing
import TrakSenseAPI

@Suite("Journal payloads")
struct JournalBlockCodecTests {
  private let codec = JournalBlockCodec()

  @Test("what was encoded comes back, sensors described but without bounds")
  func roundTrip() throws {
    let readings: [ValidReading] = [
      .sample(1, 20.5, at: 1), .sample(2, -0.0, at: -5),
      .sample(1, .greatestFiniteMagnitude, at: 2),
    ]
    let decoded = try #require(codec.decode(codec.encode(readings)))
    #expect(decoded.map(\.value) == readings.map(\.value))
    #expect(decoded.map(\.timestamp) == readings.map(\.timestamp))
    #expect(decoded.map(\.sensor.key) == [1, 2, 1])
    #expect(decoded.map(\.sensor.unit) == ["%", "°C", "%"])
    #expect(decoded.map(\.sensor.device) == readings.map(\.sensor.device))
  }

  @Test("each sensor is described once")
  func dictionary() throws {
    let payload = codec.encode(Array(repeating: .sample(1), count: 50) + [.sample(2)])
    let block = try TraksenseV1.JournalBlock(serialized: ByteBuffer(bytes: payload))
    #expect(block.series.map(\.seriesKey) == [1, 2])
  }

  @Test("a payload that is not one of ours is nil, not a crash")
  func garbage() {
    var random = SeededGenerator()
    let good = codec.encode((0..<10).map { .sample($0) })
    for _ in 0..<2_000 {
      var bytes = good
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
        in: 0...255, using: &random)
      _ = codec.decode(bytes)
      _ = codec.decode(Array(good.prefix(Int.random(in: 0..<good.count, using: &random))))
    }
    #expect(codec.decode([0xFF, 0xFF, 0xFF]) == nil, "seed \(random.seed)")
  }

  @Test(
    "blocks that contradict themselves are refused",
    arguments: [
      TraksenseV1.JournalBlock(seriesKey: [1], timestampUS: [1], value: [1]),
      TraksenseV1.JournalBlock(
        series: [TraksenseV1.Series(seriesKey: 1, deviceID: "d", sensorID: "s")],
        seriesKey: [1, 1], timestampUS: [1], value: [1]),
      TraksenseV1.JournalBlock(
        series: [TraksenseV1.Series(seriesKey: 1, deviceID: "d", sensorID: "s")],
        seriesKey: [1], timestampUS: [1], value: []),
      TraksenseV1.JournalBlock(series: [TraksenseV1.Series(seriesKey: 1)]),
    ])
  func contradictions(block: TraksenseV1.JournalBlock) {
    var buffer = ByteBuffer()
    block.encode(into: &buffer)
    #expect(codec.decode(Array(buffer.readableBytesView)) == nil)
  }
}
