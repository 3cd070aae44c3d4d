// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPCRuntime
import Testing
import TrakSenseAPI

@testable import RESTBridge

struct EventStreamEncoderTests {
  @Test(
    "a batch larger than an event is split, and only the last part carries the id",
    arguments: [
      (0, 0), (1, 1), (2, 1), (3, 1), (4, 2), (6, 2), (7, 3),
    ])
  func split(rows: Int, parts: Int) throws {
    var encoder = EventStreamEncoder(maxReadingsPerEvent: 3)
    _ = try encoder.events(
      for: .init(event: .start(.init(cursor: 7, series: [.init(seriesKey: 1, deviceID: "d")]))))
    let events = try encoder.events(
      for: .init(
        event: .block(
          .init(
            cursor: 8, seriesKey: Array(repeating: 1, count: rows),
            timestampUS: (0..<Int64(rows)).map { $0 },
            value: (0..<rows).map(Double.init))))
    ).map { String(buffer: $0) }
    #expect(events.count == parts)
    #expect(events.filter { $0.contains("id: 8\n") }.count == min(parts, 1))
    #expect(events.last?.contains("id: 8\n") != false)
    #expect(events.joined().split(separator: "\"value\":").count == rows + (rows > 0 ? 1 : 0))
  }

  @Test("a text with line breaks stays on the one line of its event")
  func lineBreaks() throws {
    var encoder = EventStreamEncoder(maxReadingsPerEvent: 3)
    let events = try encoder.events(
      for: .init(event: .start(.init(cursor: 1, series: [.init(deviceID: "a\n\nevent: evil\r\n")])))
    )
    let text = events.map { String(buffer: $0) }.joined()
    #expect(text.split(separator: "\n").count == 3 && !text.contains("\r"))
  }

  @Test("columns that do not fit together and unknown series are errors, not crashes")
  func hostile() throws {
    var encoder = EventStreamEncoder(maxReadingsPerEvent: 3)
    #expect(throws: RPCError.self) {
      try encoder.events(
        for: .init(
          event: .block(.init(cursor: 1, seriesKey: [1, 2], timestampUS: [1], value: [1]))))
    }
    #expect(throws: RPCError.self) {
      try encoder.events(
        for: .init(event: .block(.init(cursor: 1, seriesKey: [1], timestampUS: [1], value: [1]))))
    }
    #expect(try encoder.events(for: .init()).isEmpty)
  }
}
