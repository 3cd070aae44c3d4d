// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@Suite("Availability")
struct AvailabilityTests {
  private func at(_ second: Int64) -> Timestamp { Timestamp(microseconds: second * 1_000_000) }

  private func change(_ sensor: Int64, _ second: Int64, _ isOnline: Bool) -> StatusChange {
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

  @Test("a device is available while any of its sensors is; saying so twice changes nothing")
  func device() {
    let changes = [
      change(1, 0, true), change(2, 0, true), change(1, 20, false), change(1, 20, false),
      change(2, 40, false), change(2, 80, true), change(2, 80, true),
    ]
    #expect(Availability.share(of: changes.shuffled(), over: at(0)..<at(100)) == 0.6)
  }
}
