// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime

/// The identities that a request names, parsed, with the field each came from.
struct SensorSelection: Sendable {
  private(set) var devices: [Named<DeviceID>] = []
  private(set) var sensors: [Named<SensorID>] = []
  private(set) var types: Set<String> = []

  struct Named<ID: Sendable>: Sendable {
    let id: ID
    /// `sensor_id[2]`
    let field: String
  }

  /// Exactly one device.
  init(device: String, sensors: [String], types: [String], limit: Int) throws(RPCError) {
    guard !device.isEmpty else { throw .invalid("device_id", FieldProblems.isRequired) }
    guard let id = DeviceID(device) else { throw Self.unusable("device_id") }
    devices = [Named(id: id, field: "device_id")]
    self.sensors = try Self.sensors(sensors, limit: limit)
    self.types = try Self.types(types, limit: limit)
  }

  /// Any number of devices.
  init(devices: [String], sensors: [String], types: [String], limit: Int) throws(RPCError) {
    try Self.check(devices.count, "device_id", limit)
    for (index, text) in devices.enumerated() {
      let field = "device_id[\(index)]"
      guard let id = DeviceID(text) else { throw Self.unusable(field) }
      self.devices.append(Named(id: id, field: field))
    }
    self.sensors = try Self.sensors(sensors, limit: limit)
    self.types = try Self.types(types, limit: limit)
  }

  var filter: SensorFilter {
    SensorFilter(devices: Set(devices.map(\.id)), sensors: Set(sensors.map(\.id)), types: types)
  }

  /// True when every device and sensor named has at least one of `sensors`.
  func isCovered(by sensors: [Sensor]) -> Bool {
    let (foundDevices, foundIDs) = (Set(sensors.map(\.device)), Set(sensors.map(\.id)))
    return devices.allSatisfy { foundDevices.contains($0.id) }
      && self.sensors.allSatisfy { foundIDs.contains($0.id) }
  }

  private static func sensors(
    _ texts: [String], limit: Int
  ) throws(RPCError) -> [Named<SensorID>] {
    try check(texts.count, "sensor_id", limit)
    var sensors: [Named<SensorID>] = []
    for (index, text) in texts.enumerated() {
      let field = "sensor_id[\(index)]"
      guard let id = SensorID(text) else { throw unusable(field) }
      sensors.append(Named(id: id, field: field))
    }
    return sensors
  }

  private static func types(_ texts: [String], limit: Int) throws(RPCError) -> Set<String> {
    try check(texts.count, "sensor_type", limit)
    var types: Set<MetricType> = []
    for (index, text) in texts.enumerated() {
      if let type = MetricType(anyCase: text) {
        types.insert(type)
      } else if let family = MetricFamily(anyCase: text) {
        types.formUnion(family.types)
      } else {
        throw .invalid(
          "sensor_type[\(index)]",
          "\"\(text)\" is not a valid choice: \(MetricFamily.list), \(MetricType.list).")
      }
    }
    return Set(types.map(\.rawValue))
  }

  private static func check(_ count: Int, _ field: String, _ limit: Int) throws(RPCError) {
    guard count <= limit else {
      throw .invalid(field, "Ensure this field has no more than \(limit) values.")
    }
  }

  private static func unusable(_ field: String) -> RPCError {
    .invalid(
      field, "Must have 1–200 characters, none of them '/', '+', '#' or a control character.")
  }
}
