// SPDX-License-Identifier: Apache-2.0

/// What makes a reading acceptable once its sensor is known.
package struct ReadingRules: Sendable {
  /// How far a device's clock may run ahead. Default 5 minutes: more, and one wrong clock would stay
  /// "latest" for as long as it is wrong.
  package var maxFutureSkew: Duration = .seconds(300)
  /// How old a backfilled point may be. Default 5 years: older is a clock that lost its battery.
  package var maxAge: Duration = .seconds(5 * 366 * 86_400)
  /// Largest magnitude of a value, whatever the sensor's range. Default 1e100: beyond, the sums and squares that
  /// statistics are made of could overflow, and one point would spoil a sensor's past.
  package var maxMagnitude = 1e100

  package init() {}

  /// Checks one reading against its sensor.
  /// - Returns: the reading to store.
  /// - Throws: the first rule that it breaks, naming the field.
  package func validate(
    _ reading: IncomingReading, for sensor: Sensor, at now: Timestamp
  ) throws(Refusal) -> ValidReading {
    guard reading.value.isFinite else {
      throw Refusal(.notFinite, field: "value", message: "value is not a finite number")
    }
    guard reading.value.magnitude <= maxMagnitude else {
      throw Refusal(
        .outOfRange, field: "value", message: "Value out of range: nothing is that large")
    }
    guard reading.unit == sensor.unit else {
      throw Refusal(
        .unitMismatch, field: "unit",
        message: "Unit mismatch: sensor \(sensor.id) measures in '\(sensor.unit)'")
    }
    if let minimum = sensor.minimum, reading.value < minimum {
      throw Refusal(
        .outOfRange, field: "value", message: "Value out of range: below the minimum \(minimum)")
    }
    if let maximum = sensor.maximum, reading.value > maximum {
      throw Refusal(
        .outOfRange, field: "value", message: "Value out of range: above the maximum \(maximum)")
    }
    guard reading.timestamp <= now.advanced(by: maxFutureSkew) else {
      throw Refusal(
        .badTimestamp, field: "timestamp", message: "timestamp lies in the future; check the clock")
    }
    guard reading.timestamp >= now.advanced(by: .zero - maxAge) else {
      throw Refusal(.badTimestamp, field: "timestamp", message: "timestamp is too far in the past")
    }
    return ValidReading(sensor: sensor, value: reading.value, timestamp: reading.timestamp)
  }
}

/// A reading that may be stored.
package struct ValidReading: Hashable, Sendable {
  package let sensor: Sensor
  package let value: Double
  package let timestamp: Timestamp

  package init(sensor: Sensor, value: Double, timestamp: Timestamp) {
    self.sensor = sensor
    self.value = value
    self.timestamp = timestamp
  }
}
