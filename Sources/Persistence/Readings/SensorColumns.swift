// SPDX-License-Identifier: Apache-2.0
import Domain

/// How a `Sensor` is selected from tables aliased `device` and `sensor`.
enum SensorColumns {
  static let list = """
    sensor.id, device.id, device.mqtt_client_id, sensor.tag, sensor.metric_type, sensor.unit,
    sensor.min_value, sensor.max_value
    """
  static let count = 8

  /// - Parameter offset: where in the row the columns start.
  static func read(
    _ row: borrowing PostgresRow, from offset: Int = 0
  ) throws(PostgresError) -> Sensor {
    guard let device = DeviceID(try row.text(offset + 2)),
      let id = SensorID(try row.text(offset + 3))
    else { throw .unexpected("a name in the catalogue is no MQTT topic level") }
    return Sensor(
      key: try row.int8(offset), deviceKey: try row.int8(offset + 1), device: device, id: id,
      type: try row.text(offset + 4), unit: try row.text(offset + 5),
      minimum: try row.optionalFloat8(offset + 6), maximum: try row.optionalFloat8(offset + 7))
  }
}
