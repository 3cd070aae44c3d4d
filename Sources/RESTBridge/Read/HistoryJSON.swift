// SPDX-License-Identifier: Apache-2.0

import JSONText
import TrakSenseAPI

/// A history as one JSON object. Count, truncation and the next cursor come last because they are not
/// known before.
struct HistoryJSON {
  private let style: HistoryStyle
  private var count = 0
  private var isTruncated = false
  private var nextCursor = ""

  /// Writes what comes before the rows.
  init(
    _ subject: HistorySubject, _ style: HistoryStyle, first: TraksenseV1.HistoryResponse,
    sensors: [String], to bytes: inout [UInt8]
  ) {
    self.style = style
    var json = JSONWriter()
    json.beginObject()
    switch subject {
    case .device(let id):
      json.key("device_id")
      json.string(id)
    case .asset(let tag):
      json.key("asset_tag")
      json.string(tag)
    }
    if style == .client {
      json.key("sensor_ids")
      Self.write(sensors, to: &json)
    }
    json.key("interval")
    json.string(first.interval)
    json.key("from")
    Self.write(first.from, to: &json)
    json.key("to")
    Self.write(first.to, to: &json)
    json.key("data")
    json.beginArray()
    bytes += json.bytes
  }

  /// Remembers what a message says about the end.
  mutating func note(_ message: TraksenseV1.HistoryResponse) {
    if message.truncated { isTruncated = true }
    if !message.nextCursor.isEmpty { nextCursor = message.nextCursor }
  }

  mutating func append(_ row: HistoryRows.Row, to bytes: inout [UInt8]) {
    if count > 0 { bytes.append(UInt8(ascii: ",")) }
    count += 1
    let series = row.series
    switch (style, row.bucket) {
    case (.plain, nil):
      TraksenseV1.HistoryRow(
        timestamp: row.timestamp, sensorID: series.sensorID, sensorType: series.sensorType,
        value: row.value, unit: series.unit, deviceID: series.deviceID
      ).appendJSON(to: &bytes)
    case (.plain, let bucket?):
      TraksenseV1.HistoryBucketRow(
        timestamp: row.timestamp, sensorID: series.sensorID, sensorType: series.sensorType,
        value: row.value, unit: series.unit, avg: row.value, min: bucket.minimum,
        max: bucket.maximum, count: bucket.count, last: bucket.last, deviceID: series.deviceID
      ).appendJSON(to: &bytes)
    case (.client, nil):
      TraksenseV1.TelemetryRow(
        ts: row.timestamp, deviceID: series.deviceID, sensorID: series.sensorID, value: row.value,
        unit: series.unit
      ).appendJSON(to: &bytes)
    case (.client, let bucket?):
      TraksenseV1.TelemetryBucketRow(
        bucket: row.timestamp, ts: row.timestamp, deviceID: series.deviceID,
        sensorID: series.sensorID, avgValue: row.value, minValue: bucket.minimum,
        maxValue: bucket.maximum, lastValue: bucket.last, count: bucket.count, unit: series.unit
      ).appendJSON(to: &bytes)
    }
  }

  /// Writes what comes after the rows.
  func finish(_ bytes: inout [UInt8]) {
    bytes += "],\"count\":\(count),\"truncated\":\(isTruncated),\"next_cursor\":".utf8
    // Made of digits, dots and letters.
    bytes += (nextCursor.isEmpty ? "null}" : "\"\(nextCursor)\"}").utf8
  }

  private static func write(_ sensors: [String], to json: inout JSONWriter) {
    guard !sensors.isEmpty else { return json.null() }
    json.beginArray()
    for sensor in sensors { json.string(sensor) }
    json.endArray()
  }

  private static func write(_ time: ProtoTimestamp?, to json: inout JSONWriter) {
    if let time { json.string(time.rfc3339) } else { json.null() }
  }
}
