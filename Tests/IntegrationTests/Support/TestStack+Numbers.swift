// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension TestStack {
  /// A time that readings of publish.py count from, a number of seconds before now.
  static func base(secondsAgo: Int) -> Int64 {
    (Int64(Date().timeIntervalSince1970) - Int64(secondsAgo)) * 1_000_000
  }

  /// Every numbered reading is stored exactly once, the journal says the same, and all is accounted for.
  func expectExactlyOnce(
    _ numbers: Range<Int>, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let facts = try await query(
      """
      SELECT count(*), count(DISTINCT value), min(value) * 256, max(value) * 256,
        count(DISTINCT sensor_id)
      FROM \(Self.schema).telemetry_readings
      """)
    let expected = [
      "\(numbers.count)", "\(numbers.count)", "\(numbers.lowerBound)", "\(numbers.upperBound - 1)",
      "5",
    ]
    #expect(facts == [expected], sourceLocation: sourceLocation)
    let journal = try await journal()
    #expect(journal.dense, sourceLocation: sourceLocation)
    #expect(journal.points == numbers.count, sourceLocation: sourceLocation)
    #expect(
      journal.onlyInJournal == 0 && journal.onlyInReadings == 0, sourceLocation: sourceLocation)
    let tally = try await tally()
    #expect(tally.quarantined == 0 && tally.unroutable == 0, sourceLocation: sourceLocation)
    tally.expectBalanced(sourceLocation: sourceLocation)
  }

  /// Numbers of the readings of publish.py that are stored.
  func storedNumbers(of device: String = "ESP32-01") async throws -> Set<Int> {
    let rows = try await query(
      """
      SELECT (r.value * 256)::int FROM \(Self.schema).telemetry_readings r
      JOIN \(Self.schema).assets_sensor s ON s.id = r.sensor_id
      JOIN \(Self.schema).assets_device d ON d.id = s.device_id
      WHERE d.mqtt_client_id = '\(device)'
      """)
    return Set(rows.compactMap { $0.first.flatMap { Int($0) } })
  }

  /// Takes what the broker still holds for the server, which must be gone: it was never acknowledged.
  func unacknowledgedNumbers() async throws -> [Int] {
    let drained = try await python("drain.py", ["\(broker.port)", Self.clientID])
      .result(Drained.self)
    #expect(drained.sessionPresent)
    return drained.values.map { Int($0 * 256) }
  }
}

private struct Drained: Decodable {
  let sessionPresent: Bool
  let values: [Double]
}
