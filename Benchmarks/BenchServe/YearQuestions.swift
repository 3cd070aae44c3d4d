// SPDX-License-Identifier: Apache-2.0
import Domain
import RPCRuntime
import TrakSenseAPI

/// One kind of question about a year of readings; each call asks about another stretch of it.
struct YearQuestion: Sendable {
  /// The services on one connection.
  struct Clients: Sendable {
    let telemetry: TraksenseV1.TelemetryServiceClient
    let queries: TraksenseV1.TelemetryQueryServiceClient
    let options: CallOptions
  }

  let name: String
  /// p99 of one client, in milliseconds.
  let target: Double?
  /// For pgbench.
  let sql: String
  /// Throws unless the answer to the call of that number has as many rows as it must.
  /// How many calls are enough.
  var calls = 600
  let ask: @Sendable (Clients, Int) async throws -> Void
}

/// What is asked about a year of readings.
struct YearQuestions: Sendable {
  private typealias Clients = YearQuestion.Clients
  private static let schema = TestPoints.schema

  let year: YearOfReadings

  var all: [YearQuestion] {
    [
      history("1 day at 5 m", days: 1, interval: "5m", points: 1_440, target: 10, table: "5m"),
      lastDay,
      history(
        "90 days at 1 d, stream", days: 90, interval: "1d", points: 450, target: 10,
        table: "daily"),
      aggregates, latest,
      history("1 day raw", days: 1, interval: "raw", points: 7_200, target: nil, table: nil),
      history(
        "1 year at 1 d", days: YearOfReadings.days, interval: "1d",
        points: YearOfReadings.days * YearOfReadings.sensors, target: nil, table: "daily"),
      history(
        "1 year at auto, which is 1 h", days: YearOfReadings.days, interval: "auto",
        points: YearOfReadings.days * 24 * YearOfReadings.sensors, target: nil, table: "hourly"),
      readings,
    ]
  }

  private static let sensors = """
    ARRAY(SELECT sensor.id FROM \(schema).assets_sensor sensor
      JOIN \(schema).assets_device device ON device.id = sensor.device_id
      WHERE device.mqtt_client_id = '\(YearOfReadings.device)' AND sensor.is_active)
    """

  /// Whole days that are over; another one each call.
  private func range(_ call: Int, days: Int) -> (from: Timestamp, to: Timestamp) {
    let last = YearOfReadings.days - days
    let from = year.start.advanced(by: .seconds((last == 0 ? 0 : call % last) * 86_400))
    return (from, from.advanced(by: .seconds(days * 86_400)))
  }

  /// pgbench's lines that choose such a range.
  private func rangeSQL(days: Int) -> String {
    """
    \\set from \(year.start.microseconds / 1_000_000) + 86400 * random(0, \(
      max(0, YearOfReadings.days - days - 1)))
    \\set to :from + \(days * 86_400)

    """
  }

  private func history(
    _ name: String, days: Int, interval: String, points: Int, target: Double?, table: String?
  ) -> YearQuestion {
    let time = table == nil ? #""timestamp""# : "bucket"
    let columns =
      table == nil ? "value" : "sum_value / count, min_value, max_value, last_value, count"
    return YearQuestion(
      name: "history \(name)", target: target,
      sql: rangeSQL(days: days) + """
        SELECT sensor_id, \(time), \(columns) FROM \(Self.schema).telemetry_\(table ?? "readings")
        WHERE sensor_id = ANY (\(Self.sensors)) AND \(time) >= to_timestamp(:from)
          AND \(time) < to_timestamp(:to) ORDER BY 2, 1;
        """, calls: points > 20_000 ? 60 : 600
    ) { clients, call in
      let (from, to) = range(call, days: days)
      try await Self.ask(clients, from: from, to: to, interval: interval, points: points...points)
    }
  }

  /// As dashboards ask: up to now, the hour that runs included, which is in no rollup yet.
  private var lastDay: YearQuestion {
    let from = year.end.advanced(by: .seconds(-86_400))
    return YearQuestion(
      name: "history of the last 24 hours at 5 m", target: 10,
      sql: """
        SELECT sensor_id, bucket, sum_value / count, min_value, max_value, last_value, count
        FROM \(Self.schema).telemetry_5m WHERE sensor_id = ANY (\(Self.sensors))
          AND bucket >= to_timestamp(\(from.microseconds / 1_000_000))
        UNION ALL
        SELECT sensor_id, date_bin('5 minutes', "timestamp", 'epoch'), avg(value), min(value),
          max(value), (max(ARRAY[extract(epoch FROM "timestamp"), value]))[2], count(*)
        FROM \(Self.schema).telemetry_readings WHERE sensor_id = ANY (\(Self.sensors))
          AND "timestamp" >= date_trunc('hour', now())
        GROUP BY 1, 2 ORDER BY 2, 1;
        """
    ) { clients, _ in
      try await Self.ask(clients, from: from, to: nil, interval: "5m", points: 1_400...1_500)
    }
  }

  /// - Parameter points: how many there must be.
  private static func ask(
    _ clients: Clients, from: Timestamp, to: Timestamp?, interval: String,
    points: ClosedRange<Int>
  ) async throws {
    let request = TraksenseV1.HistoryRequest(
      deviceID: YearOfReadings.device, from: ProtoTimestamp(microseconds: from.microseconds),
      to: to.map { ProtoTimestamp(microseconds: $0.microseconds) }, interval: interval)
    var found = 0
    for try await message in try await clients.telemetry.history(
      request, options: clients.options)
    {
      found += message.block?.timestampUS.count ?? 0
    }
    guard points.contains(found) else {
      throw BenchError("a history has \(found) points instead of \(points)")
    }
  }

  private var aggregates: YearQuestion {
    YearQuestion(
      name: "daily aggregates over 90 days, unary", target: 10,
      sql: rangeSQL(days: 90) + """
        SELECT sensor_id, bucket, sum_value / count, min_value, max_value, last_value, count
        FROM \(Self.schema).telemetry_daily WHERE sensor_id = ANY (\(Self.sensors))
          AND bucket >= to_timestamp(:from) AND bucket < to_timestamp(:to)
        ORDER BY 2 DESC, 1 LIMIT 500;
        """
    ) { clients, call in
      let (from, to) = range(call, days: 90)
      let answer = try await clients.queries.listAggregates(
        TraksenseV1.ListAggregatesRequest(
          bucket: "1d", deviceID: YearOfReadings.device,
          from: ProtoTimestamp(microseconds: from.microseconds),
          to: ProtoTimestamp(microseconds: to.microseconds)), options: clients.options)
      guard answer.results.count == 90 * YearOfReadings.sensors else {
        throw BenchError("\(answer.results.count) aggregates")
      }
    }
  }

  private var latest: YearQuestion {
    YearQuestion(
      name: "latest of a device", target: 3,
      sql: """
        SELECT sensor.tag, sensor.metric_type, sensor.unit, status.last_value,
          status.last_timestamp
        FROM \(Self.schema).assets_device device
        JOIN \(Self.schema).assets_sensor sensor ON sensor.device_id = device.id
        JOIN \(Self.schema).ingest_sensorstatus status ON status.sensor_id = sensor.id
        WHERE device.mqtt_client_id = '\(YearOfReadings.device)' AND sensor.is_active;
        """
    ) { clients, _ in
      let answer = try await clients.telemetry.latest(
        TraksenseV1.LatestRequest(deviceID: YearOfReadings.device), options: clients.options)
      guard answer.readings.count == YearOfReadings.sensors else {
        throw BenchError("\(answer.readings.count) latest readings")
      }
    }
  }

  private var readings: YearQuestion {
    YearQuestion(
      name: "first page of a day's readings, with their count", target: nil,
      sql: rangeSQL(days: 1) + """
        SELECT sensor_id, "timestamp", value,
          (SELECT count(*) FROM \(Self.schema).telemetry_readings
            WHERE sensor_id = ANY (\(Self.sensors)) AND "timestamp" >= to_timestamp(:from)
              AND "timestamp" < to_timestamp(:to))
        FROM \(Self.schema).telemetry_readings WHERE sensor_id = ANY (\(Self.sensors))
          AND "timestamp" >= to_timestamp(:from) AND "timestamp" < to_timestamp(:to)
        ORDER BY 2 DESC, 1 LIMIT 50;
        """
    ) { clients, call in
      let (from, to) = range(call, days: 1)
      let answer = try await clients.queries.listReadings(
        TraksenseV1.ListReadingsRequest(
          deviceID: YearOfReadings.device, tsFrom: ProtoTimestamp(microseconds: from.microseconds),
          tsTo: ProtoTimestamp(microseconds: to.microseconds)), options: clients.options)
      guard answer.results.count == 50, answer.count == 7_200 else {
        throw BenchError("a page of \(answer.results.count) of \(answer.count) readings")
      }
    }
  }
}
