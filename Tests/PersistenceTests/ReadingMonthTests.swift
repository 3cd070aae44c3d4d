// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("Months of readings")
struct ReadingMonthTests {
  @Test(
    "an instant belongs to the month from its first instant up to the next one's",
    arguments: [
      ("2025-06-15T12:00:00Z", "2025-06-01T00:00:00Z", "2025-07-01T00:00:00Z"),
      ("2025-12-31T23:59:59.999999Z", "2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z"),
      ("2024-02-29T00:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
      ("2025-02-01T00:00:00Z", "2025-02-01T00:00:00Z", "2025-03-01T00:00:00Z"),
      ("1969-12-31T23:59:59Z", "1969-12-01T00:00:00Z", "1970-01-01T00:00:00Z"),
    ])
  func bounds(instant: String, start: String, end: String) throws {
    let timestamp = try #require(Timestamp(rfc3339: instant))
    let month = try #require(ReadingMonth(containing: timestamp))
    #expect(month.start.rfc3339 == start)
    #expect(month.end.rfc3339 == end)
    #expect(
      month.tableName == "telemetry_readings_y\(start.prefix(4))m\(start.prefix(7).suffix(2))")
  }

  @Test("instants that no calendar here can write have no month")
  func outOfRange() {
    #expect(ReadingMonth(containing: Timestamp(microseconds: .min)) == nil)
    #expect(ReadingMonth(containing: Timestamp(microseconds: .max)) == nil)
  }

  @Test("four months are made ahead, also across a year's end")
  func around() throws {
    let december = try #require(Timestamp(rfc3339: "2025-12-31T23:59:59Z"))
    #expect(
      ReadingMonth.around(december).map(\.tableName).sorted() == [
        "telemetry_readings_y2025m11", "telemetry_readings_y2025m12",
        "telemetry_readings_y2026m01", "telemetry_readings_y2026m02",
      ])
  }

  @Test("every month of a batch is covered, in whatever order its instants come")
  func covering() throws {
    let instants = [
      "2025-06-30T23:59:59Z", "2025-07-01T00:00:00Z", "2025-06-01T00:00:00Z",
      "2025-05-31T23:59:59Z",
    ].compactMap { Timestamp(rfc3339: $0) }
    #expect(instants.count == 4)
    #expect(
      ReadingMonth.covering(instants).map(\.tableName).sorted() == [
        "telemetry_readings_y2025m05", "telemetry_readings_y2025m06",
        "telemetry_readings_y2025m07",
      ])
  }
}
