// SPDX-License-Identifier: Apache-2.0

import Domain
import TrakSenseAPI

extension TraksenseV1.Series {
  /// Describes a sensor.
  init(_ sensor: Sensor) {
    self.init(
      seriesKey: sensor.key, deviceID: sensor.device.rawValue, sensorID: sensor.id.rawValue,
      sensorType: sensor.type, unit: sensor.unit)
  }

  /// The sensor described, as far as a series tells: without bounds and device key; nil when its
  /// identities are not usable.
  var sensor: Sensor? {
    guard let device = DeviceID(deviceID), let id = SensorID(sensorID) else { return nil }
    return Sensor(
      key: seriesKey, deviceKey: 0, device: device, id: id, type: sensorType, unit: unit,
      minimum: nil, maximum: nil)
  }
}

extension TraksenseV1.Reading {
  /// One reading in row form.
  init(_ reading: LatestReading) {
    self.init(
      deviceID: reading.sensor.device.rawValue, sensorID: reading.sensor.id.rawValue,
      value: reading.value, unit: reading.sensor.unit, timestamp: ProtoTimestamp(reading.timestamp),
      sensorType: reading.sensor.type)
  }
}
