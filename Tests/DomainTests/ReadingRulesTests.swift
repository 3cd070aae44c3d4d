// SPDX-License-Identifier: Apache-2.0

import Domain
import Testing

@Suite("Rules for readings")
struct ReadingRulesTests {
  private static let now = Timestamp(microseconds: 1_735_732_800_000_000)

  private static func sensor(minimum: Double? = -40, maximum: Double? = 125) throws -> Sensor {
    Sensor(
      key: 1, deviceKey: 1, device: try #require(DeviceID("ESP32-01")),
      id: try #require(SensorID("temp_001")), type: "temp_supply", unit: "°C", minimum: minimum,
      maximum: maximum)
  }

  private static func reading(
    value: Double = 23.5, unit: String = "°C", at timestamp: Timestamp = now
  ) -> IncomingReading {
    IncomingReading(
      tenant: "umc", deviceID: "ESP32-01", sensorID: "temp_001", value: value, unit: unit,
      timestamp: timestamp)
  }

  private static func refusal(_ reading: IncomingReading, _ sensor: Sensor) -> Refusal? {
    do throws(Refusal) {
      _ = try ReadingRules().validate(reading, for: sensor, at: now)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "the range includes its ends",
    arguments: [
      ((-40.0).nextDown, false), (-40, true), (0, true), (125, true), (125.0.nextUp, false),
    ])
  func range(value: Double, isAccepted: Bool) throws {
    let refusal = Self.refusal(Self.reading(value: value), try Self.sensor())
    #expect((refusal == nil) == isAccepted)
    if let refusal {
      #expect(refusal.reason == .outOfRange)
      #expect(refusal.field == "value")
    }
  }

  @Test("without a range any finite value passes whose square is finite too, and only such ones")
  func finite() throws {
    let unbounded = try Self.sensor(minimum: nil, maximum: nil)
    for value in [1e100, -1e100] {
      #expect(Self.refusal(Self.reading(value: value), unbounded) == nil)
      let beyond = value > 0 ? value.nextUp : value.nextDown
      #expect(Self.refusal(Self.reading(value: beyond), unbounded)?.reason == .outOfRange)
    }
    for value in [Double.nan, .infinity, -.infinity] {
      #expect(Self.refusal(Self.reading(value: value), unbounded)?.reason == .notFinite)
      #expect(Self.refusal(Self.reading(value: value), try Self.sensor())?.reason == .notFinite)
    }
  }

  @Test("the unit must be the sensor's, to the letter", arguments: ["", "C", "°F", "°c", " °C"])
  func unit(unit: String) throws {
    let refusal = Self.refusal(Self.reading(unit: unit), try Self.sensor())
    #expect(refusal?.reason == .unitMismatch)
    #expect(refusal?.field == "unit")
  }

  @Test("clocks may be ahead by five minutes, and data five years old")
  func skew() throws {
    let sensor = try Self.sensor()
    let rules = ReadingRules()
    for (offset, isAccepted) in [
      (rules.maxFutureSkew, true), (rules.maxFutureSkew + .microseconds(1), false),
      (.zero - rules.maxAge, true), (.zero - rules.maxAge - .microseconds(1), false),
    ] {
      let refusal = Self.refusal(
        Self.reading(at: Self.now.advanced(by: offset)), sensor)
      #expect((refusal == nil) == isAccepted)
      if let refusal { #expect(refusal.reason == .badTimestamp) }
    }
  }

  @Test("an empty filter admits everything, a full one what matches in all respects")
  func filter() throws {
    let sensor = try Self.sensor()
    #expect(SensorFilter().admits(sensor))
    #expect(
      SensorFilter(devices: [sensor.device], sensors: [sensor.id], types: ["temp_supply"]).admits(
        sensor))
    #expect(!SensorFilter(devices: [sensor.device], types: ["humidity"]).admits(sensor))
    #expect(!SensorFilter(devices: [try #require(DeviceID("other"))]).admits(sensor))
  }
}
