// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@Suite("Availability")
struct AvailabilityTests {
  private func at(_ second: Int64) -> Timestamp { Timestamp(microseconds: second * 1_000_000) }

  private func change(_ sensor: Int64?, _ second: Int64, _ isOnline: Bool) -> StatusChange {
    StatusChange(sensorKey: sensor, since: at(second), isOnline: isOnline)
  }

  @Test("is the share of the range that was online; what was before the range counts as it was")
  func share() {
    let changes = [change(1, -50, true), change(1, 25, false), change(1, 75, true)]
    #expect(Availability.share(of: changes, over: at(0)..<at(100)) == 0.5)
    #expect(Availability.share(of: changes, over: at(30)..<at(70)) == 0)
    #expect(Availability.share(of: changes, over: at(80)..<at(90)) == 1)
  }

  @Test("time before anything was known does not count; of nothing, nothing is known")
  func unknown() {
    #expect(Availability.share(of: [], over: at(0)..<at(100)) == nil)
    #expect(Availability.share(of: [change(1, 50, true)], over: at(0)..<at(100)) == 1)
    #expect(
      Availability.share(
        of: [change(1, 50, true), change(1, 75, false)], over: at(0)..<at(100)) == 0.5)
    #expect(Availability.share(of: [change(1, 100, true)], over: at(0)..<at(100)) == nil)
    #expect(Availability.share(of: [change(1, 0, true)], over: at(5)..<at(5)) == nil)
  }

  @Test("intervals follow each other without gaps; the first begins where something is known")
  func intervals() {
    let changes = [
      change(1, -50, true), change(2, 10, true), change(1, 25, false), change(2, 40, false),
      change(1, 40, true), change(1, 75, false), change(1, 120, true),
    ]
    func texts(_ range: Range<Int64>) -> [String] {
      StatusInterval.intervals(
        of: changes.shuffled(), over: at(range.lowerBound)..<at(range.upperBound)
      ).map { interval in
        let range = interval.range
        return "\(interval.isOnline ? "on" : "off") \(range.lowerBound.microseconds / 1_000_000)"
          + "–\(range.upperBound.microseconds / 1_000_000)"
      }
    }
    #expect(texts(0..<100) == ["on 0–75", "off 75–100"])
    #expect(texts(-100..<80) == ["on -50–75", "off 75–80"])
    #expect(texts(75..<100) == ["off 75–100"])
    #expect(texts(74..<121) == ["on 74–75", "off 75–120", "on 120–121"])
    #expect(texts(-100 ..< -50) == [])
    #expect(texts(5..<5) == [])
  }

  @Test(
    "a sensor that is online is in warning from one reading beyond its thresholds to the next within"
  )
  func warnings() {
    let changes = [
      change(1, 0, true), change(1, 40, false), change(1, 60, true), change(1, 90, false),
    ]
    func texts(_ warnings: [(Int64, Bool)], _ range: Range<Int64> = -10..<100) -> [String] {
      let record = StatusRecord(
        changes: changes,
        warnings: warnings.map { WarningChange(since: at($0.0), isBeyond: $0.1) })
      return StatusInterval.intervals(
        of: record, over: at(range.lowerBound)..<at(range.upperBound)
      ).map { "\($0.status.rawValue) \($0.range.lowerBound.microseconds / 1_000_000)" }
    }
    #expect(texts([]) == ["ONLINE 0", "OFFLINE 40", "ONLINE 60", "OFFLINE 90"])
    #expect(
      texts([(10, true), (20, false), (30, true)]) == [
        "ONLINE 0", "WARNING 10", "ONLINE 20", "WARNING 30", "OFFLINE 40", "WARNING 60",
        "OFFLINE 90",
      ])
    // What happens while it is offline, at its ends and outside of the range.
    #expect(
      texts([(-5, true), (40, false), (50, true), (60, false), (95, true)]) == [
        "WARNING 0", "OFFLINE 40", "ONLINE 60", "OFFLINE 90",
      ])
    #expect(
      texts([(10, true), (10, true)], 20..<70) == ["WARNING 20", "OFFLINE 40", "WARNING 60"])
    #expect(texts([(10, true)], 20..<20) == [])
    let record = StatusRecord(
      changes: changes, warnings: [WarningChange(since: at(10), isBeyond: true)])
    let range = at(0)..<at(100)
    #expect(
      Availability.share(of: StatusInterval.intervals(of: record, over: range))
        == Availability.share(of: changes, over: range))
  }

  @Test("of warnings before a range only the last stays; what says nothing new goes")
  func condensedWarnings() {
    func condensed(_ warnings: [(Int64, Bool)]) -> [String] {
      warnings.map { WarningChange(since: at($0.0), isBeyond: $0.1) }.shuffled()
        .condensed(from: at(0))
        .map { "\($0.since.microseconds / 1_000_000) \($0.isBeyond)" }
    }
    #expect(
      condensed([(-9, true), (-8, true), (-7, false), (1, false), (2, true)])
        == ["-7 false", "2 true"])
    #expect(condensed([(-9, true), (0, true), (3, false), (4, false)]) == ["-9 true", "3 false"])
    #expect(condensed([(-9, false), (5, false)]) == [])
  }

  @Test("of what was before, only the last change of each sensor stays; what changes nothing goes")
  func condensed() {
    let changes = [
      change(1, -50, true), change(1, -40, false), change(1, -30, false), change(2, -20, true),
      change(2, 0, true), change(1, 5, false), change(1, 10, true), change(1, 10, true),
      change(3, 20, false),
    ]
    #expect(
      changes.shuffled().condensed(from: at(0)) == [
        change(1, -40, false), change(2, -20, true), change(1, 10, true), change(3, 20, false),
      ])
  }

  @Test("a device is available while a sensor or heartbeats are; saying so twice changes nothing")
  func device() {
    let changes = [
      change(1, 0, true), change(2, 0, true), change(1, 20, false), change(1, 20, false),
      change(2, 40, false), change(2, 80, true), change(2, 80, true),
    ]
    #expect(Availability.share(of: changes.shuffled(), over: at(0)..<at(100)) == 0.6)
    let beats = [change(nil, -5, true), change(nil, 30, false), change(nil, 70, true)]
    #expect(Availability.share(of: changes + beats, over: at(0)..<at(100)) == 0.7)
    #expect((changes + beats).condensed(from: at(0)).filter { $0.sensorKey == nil } == beats)
  }
}
