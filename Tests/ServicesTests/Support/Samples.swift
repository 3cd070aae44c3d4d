// SPDX-License-Identifier: Apache-2.0

import Domain

extension Tenant {
  static let umc = Tenant.sample(1, "umc")

  static func sample(_ id: Int64, _ slug: String) -> Tenant {
    guard let slug = TenantSlug(slug) else { preconditionFailure("bad sample slug") }
    return Tenant(id: id, slug: slug, schema: slug.rawValue, name: slug.rawValue)
  }
}

extension DeviceID {
  static func sample(_ number: Int64) -> DeviceID {
    guard let id = DeviceID("ESP32-\(number)") else { preconditionFailure("bad sample id") }
    return id
  }
}

extension Sensor {
  /// Ten sensors a device, two types: even keys measure °C, odd ones %.
  static func sample(_ key: Int64, unit: String? = nil) -> Sensor {
    guard let id = SensorID("s-\(key)") else { preconditionFailure("bad sample id") }
    let isEven = key.isMultiple(of: 2)
    return Sensor(
      key: key, deviceKey: key / 10, device: .sample(key / 10), id: id,
      type: isEven ? "temp_supply" : "humidity", unit: unit ?? (isEven ? "°C" : "%"),
      minimum: nil, maximum: nil)
  }
}

extension ValidReading {
  static func sample(_ key: Int64, _ value: Double = 1, at microseconds: Int64 = 0) -> ValidReading
  {
    ValidReading(
      sensor: .sample(key), value: value, timestamp: Timestamp(microseconds: microseconds))
  }
}
