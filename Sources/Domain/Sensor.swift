// SPDX-License-Identifier: Apache-2.0

/// A measurement point as the catalogue knows it: all that validation and streams need.
package struct Sensor: Hashable, Sendable {
  /// Primary key in the tenant's `assets_sensor`; `telemetry_readings.sensor_id`. Unique per tenant only.
  package let key: Int64
  /// Primary key in the tenant's `assets_device`.
  package let deviceKey: Int64
  package let device: DeviceID
  package let id: SensorID
  /// What is measured, one of the catalogue's metric types (`temp_supply`).
  package let type: String
  /// The only unit accepted, as text (`°C`).
  package let unit: String
  /// Smallest plausible value, in `unit`; nil: unbounded.
  package let minimum: Double?
  /// Largest plausible value, in `unit`; nil: unbounded.
  package let maximum: Double?

  package init(
    key: Int64, deviceKey: Int64, device: DeviceID, id: SensorID, type: String, unit: String,
    minimum: Double?, maximum: Double?
  ) {
    self.key = key
    self.deviceKey = deviceKey
    self.device = device
    self.id = id
    self.type = type
    self.unit = unit
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// How a reading names its sensor.
package struct SensorAddress: Hashable, Sendable {
  package let device: DeviceID
  package let sensor: SensorID

  package init(device: DeviceID, sensor: SensorID) {
    self.device = device
    self.sensor = sensor
  }
}
