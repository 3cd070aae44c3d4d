// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Testing
import TrakSenseAPI

@testable import Services

@Suite("History in parts, thinned out, and of assets", .timeLimit(.minutes(5)))
struct HistoryPagesTests {
  private static let now = ServiceFixture.now.microseconds

  /// `points` raw points of sensor 5, a millisecond apart, the last one a millisecond ago.
  private func fixture(points: Int, page: Int = 10, kept: Int = 100_000) -> ServiceFixture {
    var limits = TelemetryLimits()
    limits.historyPage = page
    limits.maxKeptPoints = kept
    let fixture = ServiceFixture(limits: limits)
    fixture.store.edit { state in
      state.history = (0..<points).map { index in
        let value = index == 37 ? 1_000 : Double(index % 5)
        return HistoryPoint(
          sensorKey: 5,
          timestamp: Timestamp(microseconds: Self.now - Int64(points - index) * 1_000),
          average: value, minimum: value, maximum: value, last: value, count: 1)
      }
    }
    return fixture
  }

  private func request(
    interval: String = "raw", limit: UInt32 = 0, cursor: String = ""
  ) -> TraksenseV1.HistoryRequest {
    TraksenseV1.HistoryRequest(
      deviceID: "ESP32-0", interval: interval, limit: limit, cursor: cursor)
  }

  @Test(
    "a limit is exact, says whether there is more, and where it goes on", arguments: [24, 25, 26])
  func limit(limit: UInt32) async throws {
    let messages = try await fixture(points: 25).history(request(limit: limit))
    #expect(messages.compactMap(\.block).flatMap(\.value).count == min(25, Int(limit)))
    #expect(messages.last?.truncated == (limit < 25))
    #expect(messages.last?.nextCursor.isEmpty == (limit >= 25))
    #expect(messages.dropLast().allSatisfy { !$0.truncated && $0.nextCursor.isEmpty })
  }

  @Test("following the cursors gives every point once, in order", arguments: [1, 7, 10, 100])
  func cursors(limit: UInt32) async throws {
    let fixture = fixture(points: 43)
    let whole = try await fixture.history(request()).compactMap(\.block).flatMap(\.timestampUS)
    var found: [Int64] = []
    var cursor = ""
    repeat {
      // The range is not named again: the cursor holds it.
      let messages = try await fixture.history(
        request(interval: "", limit: limit, cursor: cursor.isEmpty ? "" : cursor))
      if cursor.isEmpty, messages.first?.interval != "raw" {
        // The first page decides about the interval.
        let first = try await fixture.history(request(limit: limit))
        found += first.compactMap(\.block).flatMap(\.timestampUS)
        cursor = first.last?.nextCursor ?? ""
        continue
      }
      #expect(messages.first?.interval == "raw")
      found += messages.compactMap(\.block).flatMap(\.timestampUS)
      cursor = messages.last?.nextCursor ?? ""
    } while !cursor.isEmpty
    #expect(found == whole && found.count == 43)
  }

  @Test("a cursor of another range or interval, or none of ours, is refused")
  func wrongCursor() async throws {
    let fixture = fixture(points: 25)
    let cursor = try #require(try await fixture.history(request(limit: 5)).last?.nextCursor)
    var other = request(interval: "1m", cursor: cursor)
    await expect("cursor", other, fixture)
    other = request(cursor: cursor)
    other.from = ProtoTimestamp(microseconds: Self.now - 7)
    await expect("cursor", other, fixture)
    for text in [
      "x", "1.raw.1.2.3", "1.raw.2.1.3.4", "2.raw.1.2.3.4", "1.2m.1.2.3.4", "1.raw.01.2.3.4",
      "1.raw.1.2.3.99999999999999999999", cursor + " ",
    ] {
      await expect("cursor", request(cursor: text), fixture)
    }
  }

  private func expect(
    _ field: String, _ request: TraksenseV1.HistoryRequest, _ fixture: ServiceFixture,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    await Expected(.invalidArgument, field).check(sourceLocation: sourceLocation) {
      () async throws(RPCError) in try await fixture.history(request)
    }
  }

  @Test("cursors survive being text")
  func cursorText() {
    for interval in HistoryInterval.allCases {
      let cursor = HistoryCursor(
        interval: interval, from: Timestamp(microseconds: -5), to: Timestamp(microseconds: 7),
        position: HistoryPosition(timestamp: Timestamp(microseconds: -1), sensorKey: .max))
      #expect(HistoryCursor(cursor.description) == cursor)
    }
  }

  @Test("thinned out, each series keeps so many points, its ends and its peak")
  func downsampled() async throws {
    var wish = request()
    wish.downsample = "lttb"
    wish.points = 12
    let messages = try await fixture(points: 90).history(wish)
    let values = messages.compactMap(\.block).flatMap(\.value)
    #expect(values.count == 12)
    #expect(values.contains(1_000))
    #expect(messages.first?.interval == "raw" && messages.first?.series.isEmpty == false)
    let times = messages.compactMap(\.block).flatMap(\.timestampUS)
    #expect(times == times.sorted())
    #expect(times.first == Self.now - 90_000 && times.last == Self.now - 1_000)
    let few = try await fixture(points: 5).history(wish)
    #expect(few.compactMap(\.block).flatMap(\.value).count == 5)
    let none = try await fixture(points: 0).history(wish)
    #expect(none.count == 1 && none[0].block == nil)
  }

  @Test("more points than may be kept are refused, naming the range", arguments: [89, 90])
  func tooMany(kept: Int) async throws {
    var wish = request()
    wish.downsample = "lttb"
    let fixture = fixture(points: 90, kept: kept)
    if kept < 90 {
      await expect("from", wish, fixture)
    } else {
      #expect(try await fixture.history(wish).compactMap(\.block).flatMap(\.value).count == 90)
    }
  }

  @Test("wishes that do not go together are refused, naming the field")
  func contradictions() async throws {
    let fixture = fixture(points: 25)
    let cursor = try #require(try await fixture.history(request(limit: 5)).last?.nextCursor)
    var wish = request()
    wish.points = 5
    await expect("points", wish, fixture)
    wish.downsample = "max"
    await expect("downsample", wish, fixture)
    wish.downsample = "lttb"
    for points: UInt32 in [1, 2, 10_001] {
      wish.points = points
      await expect("points", wish, fixture)
    }
    wish.points = 3
    wish.limit = 1
    await expect("limit", wish, fixture)
    wish.limit = 0
    wish.cursor = cursor
    await expect("cursor", wish, fixture)
  }

  @Test("an asset's history is that of all its sensors, whatever the case of its tag")
  func asset() async throws {
    let fixture = fixture(points: 0)
    var wish = TraksenseV1.HistoryRequest(assetTag: "ch-001")
    #expect(
      try await fixture.history(wish).first?.series.map(\.seriesKey) == [0, 1, 2, 3])
    wish.sensorType = ["humidity"]
    #expect(try await fixture.history(wish).first?.series.map(\.seriesKey) == [1, 3])
    wish.sensorID = ["s-1"]
    #expect(try await fixture.history(wish).first?.series.map(\.seriesKey) == [1])
    wish.sensorID = ["s-1", "s-9"]
    await Expected(.notFound, "sensor_id[1]").check { () async throws(RPCError) in
      try await fixture.history(wish)
    }
    await Expected(.notFound, "asset_tag").check { () async throws(RPCError) in
      try await fixture.history(TraksenseV1.HistoryRequest(assetTag: "CH-002"))
    }
    await expect(
      "asset_tag", TraksenseV1.HistoryRequest(deviceID: "ESP32-0", assetTag: "CH-001"), fixture)
    await expect(
      "asset_tag", TraksenseV1.HistoryRequest(assetTag: String(repeating: "x", count: 101)),
      fixture)
  }
}
