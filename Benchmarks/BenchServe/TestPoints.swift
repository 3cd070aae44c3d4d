// SPDX-License-Identifier: Apache-2.0
import Domain
import Foundation

/// Where the load's points come from: devices of the sample tenant, five sensors each.
enum TestPoints {
  static let tenant = "umc"
  static let schema = "uberlandia_medical_center"
  static let devices = 200
  static let sensorsPerDevice = 5
  static var sensors: Int { devices * sensorsPerDevice }

  static var now: Timestamp {
    Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
  }

  /// Adds the devices to the catalogue.
  static let script = """
    INSERT INTO \(schema).assets_device
      (asset_id, mqtt_client_id, name, serial_number, device_type, firmware_version)
    SELECT (SELECT min(id) FROM \(schema).assets_asset), 'BENCH-' || number, 'Load ' || number,
      'BENCH-' || number, 'CONTROLLER', '1.0'
    FROM generate_series(0, \(devices - 1)) number;
    INSERT INTO \(schema).assets_sensor (device_id, tag, metric_type, unit, min_value, max_value)
    SELECT device.id, 'temp_' || number, 'temp_supply', '°C', -40, 125
    FROM \(schema).assets_device device, generate_series(0, \(sensorsPerDevice - 1)) number
    WHERE device.mqtt_client_id LIKE 'BENCH-%';
    """

  static func topic(sensor: Int, below root: String = "tenants") -> String {
    let number = sensor % sensors
    return "\(root)/\(tenant)/devices/BENCH-\(number / sensorsPerDevice)"
      + "/sensors/temp_\(number % sensorsPerDevice)"
  }

  static func point(_ value: Double, _ timestamp: Timestamp) -> String {
    #"{"value":\#(value),"unit":"°C","timestamp":"\#(timestamp.rfc3339)"}"#
  }

  /// Messages of one sensor each, sensors in turn; all points differ in (sensor, time).
  /// - Parameter start: first instant; a message's points are a second apart.
  static func messages(
    _ count: Int, pointsEach: Int, from start: Timestamp, below root: String = "tenants"
  ) -> PublishPackets {
    var packets = PublishPackets()
    for message in 0..<count {
      // Each visit of a sensor begins where its last one ended, a microsecond per message aside.
      let visit = start.advanced(by: .seconds(message / sensors * pointsEach))
      let points = (0..<pointsEach).map { point in
        self.point(
          20 + Double(message % 100) / 10,
          visit.advanced(by: .seconds(point) + .microseconds(message)))
      }
      packets.append(
        topic: topic(sensor: message, below: root),
        payload: pointsEach == 1 ? points[0] : "[" + points.joined(separator: ",") + "]")
    }
    return packets
  }

  /// The rows that ``messages(_:pointsEach:from:)`` become, in the same order.
  static func rows(
    _ count: Int, pointsEach: Int, from start: Timestamp
  ) -> [(sensor: Int64, time: Timestamp, value: Double)] {
    (0..<count * pointsEach).map { index in
      let (message, point) = (index / pointsEach, index % pointsEach)
      let visit = start.advanced(by: .seconds(message / sensors * pointsEach))
      return (
        Int64(message % sensors), visit.advanced(by: .seconds(point) + .microseconds(message)),
        20 + Double(message % 100) / 10
      )
    }
  }
}
