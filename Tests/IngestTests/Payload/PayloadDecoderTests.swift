// SPDX-License-Identifier: Apache-2.0
import Domain
import Ingest
import TestSupport
import Testing

struct PayloadDecoderTests {
  static let noon = Timestamp(microseconds: 1_735_732_800_000_000)
  let decoder = PayloadDecoder()
  let sensorTopic: TopicPath
  let deviceTopic: TopicPath

  init() throws {
    sensorTopic = try TopicPath("tenants/acme/devices/dev-1/sensors/s0")
    deviceTopic = try TopicPath("tenants/acme/devices/dev-1")
  }

  private func reading(
    _ value: Double, sensor: String = "s0", unit: String = "°C", at timestamp: Timestamp = noon
  ) -> IncomingPoint {
    .reading(
      IncomingReading(
        tenant: "acme", deviceID: "dev-1", sensorID: sensor, value: value, unit: unit,
        timestamp: timestamp))
  }

  private func decode(_ text: String) -> [IncomingPoint] {
    decoder.decode(Array(text.utf8), from: sensorTopic)
  }

  private func refusal(_ point: IncomingPoint?) -> Refusal? {
    guard case .unreadable(let tenant, let refusal) = point else { return nil }
    #expect(tenant == "acme")
    return refusal
  }

  @Test(
    "a sensor's message is one reading",
    arguments: [
      #"{"value":23.5,"unit":"°C","timestamp":"2025-01-01T12:00:00Z"}"#,
      #" { "timestamp" : "2025-01-01T13:00:00+01:00" , "unit":"\u00b0C", "value":2.35e1 } "#,
      #"{"value":23.5,"unit":"°C","timestamp":1735732800}"#,
      #"{"value":23.5,"unit":"°C","timestamp":1735732800000}"#,
      #"{"value":23.5,"unit":"°C","timestamp":1.7357328e9}"#,
      #"{"tenant":"ACME","device_id":"dev-1","sensor_id":"s0","value":23.5,"unit":"°C","timestamp":1735732800}"#,
      #"{"value":1,"value":23.5,"unit":"°C","timestamp":1735732800,"rssi":-61,"x":{"y":[null]}}"#,
    ])
  func one(_ text: String) {
    #expect(decode(text) == [reading(23.5)])
  }

  @Test(
    "what is wrong with a message is said with its field",
    arguments: [
      (#"{"unit":"°C","timestamp":1735732800}"#, Refusal.Reason.missingField, "value"),
      (#"{"value":1,"timestamp":1735732800}"#, .missingField, "unit"),
      (#"{"value":1,"unit":"°C"}"#, .missingField, "timestamp"),
      (#"{}"#, .missingField, "value"),
      (#"[]"#, .missingField, "payload"),
      (#"{"value":"1","unit":"°C","timestamp":1735732800}"#, .malformedPayload, "value"),
      (#"{"value":true,"unit":"°C","timestamp":1735732800}"#, .malformedPayload, "value"),
      (#"{"value":[1],"unit":"°C","timestamp":1735732800}"#, .malformedPayload, "value"),
      (#"{"value":null,"unit":"°C","timestamp":1735732800}"#, .missingField, "value"),
      (#"{"value":NaN,"unit":"°C","timestamp":1735732800}"#, .notFinite, "value"),
      (#"{"value":-Infinity,"unit":"°C","timestamp":1735732800}"#, .notFinite, "value"),
      (#"{"value":"Infinity","unit":"°C","timestamp":1735732800}"#, .notFinite, "value"),
      (#"{"value":1e999,"unit":"°C","timestamp":1735732800}"#, .notFinite, "value"),
      (#"{"value":1,"unit":7,"timestamp":1735732800}"#, .malformedPayload, "unit"),
      (#"{"value":1,"unit":"°C","timestamp":"2025-01-01T12:00:00"}"#, .badTimestamp, "timestamp"),
      (#"{"value":1,"unit":"°C","timestamp":"yesterday"}"#, .badTimestamp, "timestamp"),
      (#"{"value":1,"unit":"°C","timestamp":1735732800.5}"#, .badTimestamp, "timestamp"),
      (#"{"value":1,"unit":"°C","timestamp":1735732800000000}"#, .badTimestamp, "timestamp"),
      (#"{"value":1,"unit":"°C","timestamp":1e99}"#, .badTimestamp, "timestamp"),
      (#"{"value":1,"unit":"°C","timestamp":-1}"#, .badTimestamp, "timestamp"),
      (#"{"value":1,"unit":"°C","timestamp":false}"#, .badTimestamp, "timestamp"),
      (
        #"{"device_id":"dev-2","value":1,"unit":"°C","timestamp":1}"#, .malformedPayload,
        "device_id"
      ),
      (#"{"sensor_id":"s1","value":1,"unit":"°C","timestamp":1}"#, .malformedPayload, "sensor_id"),
      (#"{"tenant":"globex","value":1,"unit":"°C","timestamp":1}"#, .malformedPayload, "tenant"),
      (#"23.5"#, .malformedPayload, "payload"),
      (#""#, .malformedPayload, "payload"),
      (#"{"value":1"#, .malformedPayload, "payload"),
      (#"{"value":1,"unit":"°C","timestamp":1}x"#, .malformedPayload, "payload"),
      (#"{"value":01,"unit":"°C","timestamp":1}"#, .malformedPayload, "payload"),
    ])
  func refused(_ text: String, _ reason: Refusal.Reason, _ field: String) {
    let points = decode(text)
    #expect(points.count == 1)
    #expect(refusal(points.first)?.reason == reason)
    #expect(refusal(points.first)?.field == field)
  }

  @Test("the border between Unix seconds and milliseconds is at 10^11")
  func magnitudes() {
    func at(_ number: Int64) -> [IncomingPoint] {
      decode(#"{"value":1,"unit":"°C","timestamp":\#(number)}"#)
    }
    #expect(at(0) == [reading(1, at: Timestamp(microseconds: 0))])
    #expect(
      at(99_999_999_999) == [reading(1, at: Timestamp(microseconds: 99_999_999_999_000_000))])
    #expect(at(100_000_000_000) == [reading(1, at: Timestamp(microseconds: 100_000_000_000_000))])
    #expect(
      at(99_999_999_999_999) == [reading(1, at: Timestamp(microseconds: 99_999_999_999_999_000))])
    #expect(refusal(at(100_000_000_000_000).first)?.reason == .badTimestamp)
  }

  @Test("a bad element costs its neighbours nothing")
  func neighbours() {
    let points = decode(
      #"""
      [{"value":1,"unit":"°C","timestamp":1735732800}, 7,
       {"value":"x","unit":"°C","timestamp":{"a":[1,2]}},
       {"value":NaN,"unit":"NaN","timestamp":1735732800},
       {"value":1e400,"unit":"°C","timestamp":1735732800}, null, [],
       {"value":2,"unit":"°C","timestamp":1735732800}]
      """#)
    #expect(points.count == 8)
    #expect(points.first == reading(1))
    #expect(points.last == reading(2))
    #expect(points.dropFirst().dropLast().allSatisfy { refusal($0) != nil })
    #expect(refusal(points[3])?.reason == .notFinite)
  }

  @Test("a device's message names its sensors, and lends them its time")
  func device() {
    let points = decoder.decode(
      Array(
        #"""
        {"device_id":"dev-1","sensors":[{"sensor_id":"s1","value":1,"unit":"Pa"},
         {"sensor_id":"s2","value":2,"unit":"Pa","timestamp":0},
         {"value":3,"unit":"Pa"}, {"sensor_id":"a/b","value":3,"unit":"Pa"},
         {"sensor_id":"s3","value":4,"unit":"Pa","timestamp":"no"}],
         "timestamp":"2025-01-01T12:00:00Z"}
        """#.utf8), from: deviceTopic)
    #expect(
      points.prefix(2) == [
        reading(1, sensor: "s1", unit: "Pa"),
        reading(2, sensor: "s2", unit: "Pa", at: Timestamp(microseconds: 0)),
      ])
    #expect(
      points.dropFirst(2).map { refusal($0)?.field } == ["sensor_id", "sensor_id", "timestamp"])
    #expect(points.count == 5)
  }

  @Test(
    "a device's message without sensors is refused",
    arguments: [
      (#"{"timestamp":1}"#, "sensors"), (#"{"sensors":{}}"#, "sensors"), (#"[]"#, "payload"),
      (#"{"sensors":[]}"#, "payload"),
    ])
  func noSensors(_ text: String, _ field: String) {
    let points = decoder.decode(Array(text.utf8), from: deviceTopic)
    #expect(points.count == 1)
    #expect(refusal(points.first)?.field == field)
  }

  @Test("a bad outer time or identity is every point's that depends on it")
  func outer() {
    func fields(_ text: String) -> [String?] {
      decoder.decode(Array(text.utf8), from: deviceTopic).map { refusal($0)?.field }
    }
    let sensors =
      #"[{"sensor_id":"s1","value":1,"unit":"Pa"},{"sensor_id":"s2","value":1,"unit":"Pa","timestamp":1}]"#
    #expect(fields(#"{"timestamp":"x","sensors":\#(sensors)}"#) == ["timestamp", nil])
    #expect(fields(#"{"timestamp":1,"sensors":\#(sensors)}"#) == [nil, nil])
    #expect(fields(#"{"sensors":\#(sensors)}"#) == ["timestamp", nil])
    #expect(
      fields(#"{"sensors":\#(sensors),"tenant":"globex","timestamp":1}"#) == ["tenant", "tenant"])
  }

  @Test("a message of the largest size passes, one byte more is too large", arguments: [-1, 0, 1])
  func messageSize(_ excess: Int) {
    var limits = IngestLimits()
    limits.maxMessageBytes = 200
    let text = #"{"value":23.5,"unit":"°C","timestamp":1735732800}"#
    let padding = String(repeating: " ", count: 200 + excess - text.utf8.count)
    let points = PayloadDecoder(limits: limits).decode(
      Array((text + padding).utf8), from: sensorTopic)
    #expect(points.count == 1)
    #expect(refusal(points.first)?.reason == (excess > 0 ? .tooLarge : nil))
  }

  @Test("as many points as allowed pass, one more is too many", arguments: [-1, 0, 1])
  func pointCount(_ excess: Int) {
    var limits = IngestLimits()
    limits.maxPointsPerMessage = 5
    let point = #"{"sensor_id":"s0","value":23.5,"unit":"°C","timestamp":1735732800}"#
    let list = "[" + Array(repeating: point, count: 5 + excess).joined(separator: ",") + "]"
    let decoder = PayloadDecoder(limits: limits)
    for points in [
      decoder.decode(Array(list.utf8), from: sensorTopic),
      decoder.decode(Array(#"{"sensors":\#(list)}"#.utf8), from: deviceTopic),
    ] {
      #expect(points.count == (excess > 0 ? 1 : 5 + excess))
      #expect(refusal(points.first)?.reason == (excess > 0 ? .tooLarge : nil))
    }
  }

  @Test("no bytes make the decoder stumble", arguments: [1, 2, 3, 4])
  func fuzz(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let seeds = [
      #"[{"value":-1.5e3,"unit":"°C","timestamp":"2025-01-01T12:00:00.123Z"},{"value":NaN}]"#,
      #"{"timestamp":1735732800,"sensors":[{"sensor_id":"s","value":1,"unit":"\u00b0C"}]}"#,
    ].map { Array($0.utf8) }
    for round in 0..<4_000 {
      var bytes = seeds[round % seeds.count]
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<max(bytes.count, 1), using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0 where !bytes.isEmpty: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1 where !bytes.isEmpty: bytes.remove(at: place)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: min(place, bytes.count))
        default: bytes = Array(bytes.prefix(place)) + bytes.suffix(place)
        }
      }
      #expect(!decoder.decode(bytes, from: sensorTopic).isEmpty)
      #expect(!decoder.decode(bytes, from: deviceTopic).isEmpty)
    }
  }

  @Test("a message on a foreign topic becomes one unreadable point with its payload")
  func foreignTopic() {
    let delivery = MessageDecoder().decode(topic: "tenants/acme/nonsense", payload: [1, 2])
    #expect(delivery.points.count == 1)
    #expect(refusal(delivery.points.first)?.reason == .malformedTopic)
    #expect(delivery.source == .mqtt(topic: "tenants/acme/nonsense", payload: [1, 2]))
  }
}
