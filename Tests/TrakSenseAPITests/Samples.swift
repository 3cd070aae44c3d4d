// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import TrakSenseAPI

/// A message and its text form as protoc prints it. Numbers are chosen to need all their bytes.
struct Sample: CustomTestStringConvertible, Sendable {
  let message: any ProtobufMessage
  let text: String

  var testDescription: String { type(of: message).fullName }

  static let all: [Sample] = [
    Sample(
      message: reading,
      text: """
        device_id: "ahu-1"
        sensor_id: "temp-supply-air-of-the-first-floor"
        value: -23.45
        unit: "\\302\\260C"
        timestamp {
          seconds: 1735732800
          nanos: 123456000
        }
        sensor_type: "temperature"

        """),
    Sample(
      message: TraksenseV1.IngestRequest(tenant: "umc", readings: [reading, .init()]),
      text: """
        tenant: "umc"
        readings {
          device_id: "ahu-1"
          sensor_id: "temp-supply-air-of-the-first-floor"
          value: -23.45
          unit: "\\302\\260C"
          timestamp {
            seconds: 1735732800
            nanos: 123456000
          }
          sensor_type: "temperature"
        }
        readings {
        }

        """),
    Sample(
      message: TraksenseV1.IngestResponse(
        results: [.init(outcome: .stored), .init()], stored: .max, duplicates: 1, refused: 300),
      text: """
        results {
          outcome: STORED
        }
        results {
        }
        stored: 4294967295
        duplicates: 1
        refused: 300

        """),
    Sample(
      message: TraksenseV1.IngestResult(
        outcome: .refused, reason: "unit_mismatch", field: "unit", message: "expected °C"),
      text: """
        outcome: REFUSED
        reason: "unit_mismatch"
        field: "unit"
        message: "expected \\302\\260C"

        """),
    Sample(
      message: TraksenseV1.LatestRequest(deviceID: "ahu-1", sensorID: ["a", "", "c"]),
      text: """
        device_id: "ahu-1"
        sensor_id: "a"
        sensor_id: ""
        sensor_id: "c"

        """),
    Sample(
      message: TraksenseV1.LatestResponse(
        deviceID: "d", timestamp: ProtoTimestamp(seconds: -1, nanos: 999_999_999), count: 1,
        readings: [.init(value: .infinity)]),
      text: """
        device_id: "d"
        timestamp {
          seconds: -1
          nanos: 999999999
        }
        count: 1
        readings {
          value: inf
        }

        """),
    Sample(
      message: TraksenseV1.HistoryRequest(
        deviceID: "d", sensorID: ["s"], sensorType: ["t", "u"], from: .init(),
        to: .init(seconds: 1), interval: "5m", assetTag: "a", limit: 1, cursor: "c",
        downsample: "lttb", points: 3),
      text: """
        device_id: "d"
        sensor_id: "s"
        sensor_type: "t"
        sensor_type: "u"
        from {
        }
        to {
          seconds: 1
        }
        interval: "5m"
        asset_tag: "a"
        limit: 1
        cursor: "c"
        downsample: "lttb"
        points: 3

        """),
    Sample(
      message: TraksenseV1.HistoryResponse(
        series: [series], interval: "1h", from: .init(seconds: 1), to: .init(seconds: 2),
        block: .init(value: [1]), truncated: true, nextCursor: "c"),
      text: """
        series {
          series_key: 9223372036854775807
          device_id: "d"
          sensor_id: "s"
          sensor_type: "t"
          unit: "u"
        }
        interval: "1h"
        from {
          seconds: 1
        }
        to {
          seconds: 2
        }
        block {
          value: 1
        }
        truncated: true
        next_cursor: "c"

        """),
    Sample(
      message: series,
      text: """
        series_key: 9223372036854775807
        device_id: "d"
        sensor_id: "s"
        sensor_type: "t"
        unit: "u"

        """),
    Sample(
      message: TraksenseV1.HistoryBlock(
        seriesKey: [1, -1], timestampUS: [.min, .max], value: [0, .leastNonzeroMagnitude],
        minimum: [-1.5],
        maximum: [.greatestFiniteMagnitude], count: [0], last: [2]),
      text: """
        series_key: 1
        series_key: -1
        timestamp_us: -9223372036854775808
        timestamp_us: 9223372036854775807
        value: 0
        value: 4.94065645841247e-324
        minimum: -1.5
        maximum: 1.7976931348623157e+308
        count: 0
        last: 2

        """),
    Sample(
      message: TraksenseV1.SubscribeRequest(
        deviceID: ["d"], sensorID: ["s"], sensorType: ["t"], slowReader: .gap),
      text: """
        device_id: "d"
        sensor_id: "s"
        sensor_type: "t"
        slow_reader: GAP

        """),
    Sample(
      message: TraksenseV1.SubscribeResponse(event: .start(.init(cursor: 7, series: [series]))),
      text: """
        start {
          cursor: 7
          series {
            series_key: 9223372036854775807
            device_id: "d"
            sensor_id: "s"
            sensor_type: "t"
            unit: "u"
          }
        }

        """),
    Sample(
      message: TraksenseV1.SubscribeResponse(event: .series(.init(series: [.init()]))),
      text: "series {\n  series {\n  }\n}\n"),
    Sample(
      message: TraksenseV1.SubscribeResponse(event: .block(.init())), text: "block {\n}\n"),
    Sample(
      message: TraksenseV1.SubscribeResponse(event: .gap(.init(fromCursor: 1, toCursor: 2))),
      text: "gap {\n  from_cursor: 1\n  to_cursor: 2\n}\n"),
    Sample(message: TraksenseV1.SubscribeResponse(), text: ""),
    Sample(
      message: TraksenseV1.SubscribeStart(cursor: -7), text: "cursor: -7\n"),
    Sample(
      message: TraksenseV1.SeriesAdded(series: [.init(unit: "%")]),
      text: "series {\n  unit: \"%\"\n}\n"),
    Sample(
      message: TraksenseV1.ReadingBlock(
        cursor: 1, seriesKey: [128], timestampUS: [300], value: [21.5]),
      text: "cursor: 1\nseries_key: 128\ntimestamp_us: 300\nvalue: 21.5\n"),
    Sample(
      message: TraksenseV1.Gap(fromCursor: 1, toCursor: .max),
      text: "from_cursor: 1\nto_cursor: 9223372036854775807\n"),
    Sample(
      message: TraksenseV1.JournalBlock(
        series: [.init(seriesKey: 1)], seriesKey: [1, 1], timestampUS: [2, 3], value: [4, 5]),
      text: """
        series {
          series_key: 1
        }
        series_key: 1
        series_key: 1
        timestamp_us: 2
        timestamp_us: 3
        value: 4
        value: 5

        """),
    Sample(
      message: TraksenseV1.LiveReading(
        deviceID: "d", sensorID: "s", sensorType: "t", value: 1e-7, unit: "u",
        timestamp: .init(seconds: 1)),
      text: """
        device_id: "d"
        sensor_id: "s"
        sensor_type: "t"
        value: 1e-07
        unit: "u"
        timestamp {
          seconds: 1
        }

        """),
    Sample(
      message: TraksenseV1.HistoryRow(
        timestamp: .init(seconds: 1), sensorID: "s", sensorType: "t", value: 1, unit: "u",
        deviceID: "d"),
      text: """
        timestamp {
          seconds: 1
        }
        sensor_id: "s"
        sensor_type: "t"
        value: 1
        unit: "u"
        device_id: "d"

        """),
    Sample(
      message: TraksenseV1.HistoryBucketRow(
        timestamp: .init(seconds: 1), sensorID: "s", sensorType: "t", value: 1, unit: "u", avg: 2,
        min: 3, max: 4, count: 5, last: 6, deviceID: "d"),
      text: """
        timestamp {
          seconds: 1
        }
        sensor_id: "s"
        sensor_type: "t"
        value: 1
        unit: "u"
        avg: 2
        min: 3
        max: 4
        count: 5
        last: 6
        device_id: "d"

        """),
    Sample(
      message: TraksenseV1.TelemetryRow(
        ts: .init(seconds: 1), deviceID: "d", sensorID: "s", value: 1, unit: "u"),
      text: """
        ts {
          seconds: 1
        }
        device_id: "d"
        sensor_id: "s"
        value: 1
        unit: "u"

        """),
    Sample(
      message: TraksenseV1.TelemetryBucketRow(
        bucket: .init(seconds: 1), ts: .init(seconds: 1), deviceID: "d", sensorID: "s",
        avgValue: 1, minValue: 2, maxValue: 3, lastValue: 4, count: 5, unit: "u"),
      text: """
        bucket {
          seconds: 1
        }
        ts {
          seconds: 1
        }
        device_id: "d"
        sensor_id: "s"
        avg_value: 1
        min_value: 2
        max_value: 3
        last_value: 4
        count: 5
        unit: "u"

        """),
  ]

  static let reading = TraksenseV1.Reading(
    deviceID: "ahu-1", sensorID: "temp-supply-air-of-the-first-floor", value: -23.45, unit: "°C",
    timestamp: ProtoTimestamp(microseconds: 1_735_732_800_123_456), sensorType: "temperature")

  static let series = TraksenseV1.Series(
    seriesKey: .max, deviceID: "d", sensorID: "s", sensorType: "t", unit: "u")
}

extension ProtobufMessage {
  /// The binary form.
  var bytes: [UInt8] {
    var buffer = ByteBuffer()
    encode(into: &buffer)
    return Array(buffer.readableBytesView)
  }

  /// Decodes the binary form.
  init(bytes: [UInt8]) throws(ProtobufError) {
    try self.init(serialized: ByteBuffer(bytes: bytes))
  }

  /// Whether another message is of the same type and equal.
  func equals(_ other: any ProtobufMessage) -> Bool { other as? Self == self }
}
