// SPDX-License-Identifier: Apache-2.0

import Foundation
import TrakSenseAPI

/// Follows live readings for as long as it takes: connects again, and reads what it missed from history.
///
/// `Subscribe` starts at the newest commit. Every commit has a number, and the `start` of a stream says up to
/// which number everything is history; so after a lost connection it is known *that* commits were missed, and
/// `History` has their readings, found by when they were measured.
struct LiveFollower {
  /// A reading, from the stream or from history.
  struct Point: Hashable {
    let device: String
    let sensor: String
    let unit: String
    /// When it was measured, in microseconds since 1970-01-01T00:00:00Z.
    let time: Int64
    let value: Double
  }

  /// A reading by what makes it unique.
  private struct Identity: Hashable {
    let device: String
    let sensor: String
    let time: Int64
  }

  /// How long before the connection was lost something may have been measured that was committed after that. A
  /// device that was offline for longer sends older readings: whoever must have them all compares with history later.
  static let lookback: Int64 = 600 * 1_000_000

  let telemetry: TraksenseV1.TelemetryServiceClient
  /// Empty: all.
  let devices: [String]
  /// Gets each reading; false: that was enough.
  let take: (Point) -> Bool
  /// Gets what happens to the stream, for people.
  let note: (String) -> Void

  /// The keys of the current stream.
  private var series: [Int64: TraksenseV1.Series] = [:]
  /// The last commit that was seen; nil: no stream has begun yet.
  private var cursor: Int64?
  /// Our time at the last message, in microseconds since 1970-01-01T00:00:00Z.
  private var lastContact = Self.now
  /// What was handed out lately, so that history hands out only the rest.
  private var recent: Set<Identity> = []
  /// How many readings may be remembered before the old ones are dropped.
  private var recentLimit = 10_000
  /// The devices heard of.
  private var known: Set<String> = []
  private var isDone = false

  init(
    _ telemetry: TraksenseV1.TelemetryServiceClient, devices: [String],
    take: @escaping (Point) -> Bool, note: @escaping (String) -> Void
  ) {
    self.telemetry = telemetry
    self.devices = devices
    self.take = take
    self.note = note
  }

  private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }

  /// Runs until a reading was enough.
  /// - Throws: what waiting does not mend.
  mutating func run() async throws {
    var pause = Duration.milliseconds(200)
    while !isDone {
      let before = cursor
      do throws(RPCError) {
        try await follow()
        if !isDone { note("the server ended the stream; connecting again") }
      } catch {
        // The server restarts, the network is away, or it is busy. Everything else stays wrong.
        guard [.unavailable, .resourceExhausted, .dataLoss].contains(error.code) else {
          throw error
        }
        note("\(error.message); connecting again")
        if let wait = error.retryAfter { pause = max(pause, wait) }
      }
      if isDone { return }
      if cursor != before { pause = .milliseconds(200) }
      try await Task.sleep(for: pause)
      pause = min(pause * 2, .seconds(5))
    }
  }

  /// One stream, from its start to its end.
  private mutating func follow() async throws(RPCError) {
    // `gap`: a reader that is too slow hears what it missed, instead of losing the stream.
    let stream = try await telemetry.subscribe(.init(deviceID: devices, slowReader: .gap))
    series = [:]
    for try await message in stream {
      switch message.event {
      case .start(let start):
        add(start.series)
        note("live from commit \(start.cursor), \(start.series.count) sensors")
        if let cursor, cursor < start.cursor { try await recover(cursor + 1...start.cursor) }
        cursor = start.cursor
      case .series(let added):
        add(added.series)
      case .block(let block):
        cursor = block.cursor
        for row in block.seriesKey.indices {
          guard let one = series[block.seriesKey[row]] else { continue }
          hand(point(one, block.timestampUS[row], block.value[row]))
        }
      case .gap(let gap):
        try await recover(gap.fromCursor...gap.toCursor)
        cursor = gap.toCursor
      case nil:
        // A kind of event that a newer server knows.
        break
      }
      lastContact = Self.now
      if recent.count > recentLimit { forget() }
      // Leaving the loop drops the stream, which cancels the call.
      if isDone { return }
    }
  }

  /// Hands out what was committed unseen.
  private mutating func recover(_ missed: ClosedRange<Int64>) async throws(RPCError) {
    let from = lastContact - Self.lookback
    var found = 0
    for device in devices.isEmpty ? known.sorted() : devices {
      let history = try await telemetry.history(
        .init(deviceID: device, from: ProtoTimestamp(microseconds: from), interval: "raw"))
      var keys: [Int64: TraksenseV1.Series] = [:]
      for try await message in history {
        for one in message.series { keys[one.seriesKey] = one }
        guard let block = message.block else { continue }
        for row in block.seriesKey.indices {
          guard let one = keys[block.seriesKey[row]] else { continue }
          if hand(point(one, block.timestampUS[row], block.value[row])) { found += 1 }
        }
      }
    }
    note("missed commits \(missed.lowerBound)…\(missed.upperBound): \(found) readings from history")
  }

  private mutating func add(_ new: [TraksenseV1.Series]) {
    for one in new {
      series[one.seriesKey] = one
      known.insert(one.deviceID)
    }
  }

  /// Drops what history would not be asked for.
  private mutating func forget() {
    recent = recent.filter { $0.time >= lastContact - Self.lookback }
    recentLimit = max(10_000, recent.count * 2)
  }

  private func point(_ series: TraksenseV1.Series, _ time: Int64, _ value: Double) -> Point {
    Point(
      device: series.deviceID, sensor: series.sensorID, unit: series.unit, time: time, value: value)
  }

  /// - Returns: whether it is new.
  @discardableResult
  private mutating func hand(_ point: Point) -> Bool {
    let identity = Identity(device: point.device, sensor: point.sensor, time: point.time)
    guard !isDone, recent.insert(identity).inserted else { return false }
    if !take(point) { isDone = true }
    return true
  }
}
