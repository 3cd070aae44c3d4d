// SPDX-License-Identifier: Apache-2.0
package import Domain

/// The topic of a telemetry message:
/// `tenants/{slug}/devices/{device_id}/sensors/{sensor_id}` for one sensor's readings, or
/// `tenants/{slug}/devices/{device_id}` for a message that names its sensors itself.
package struct TopicPath: Hashable, Sendable {
  package let tenant: TenantSlug
  package let device: DeviceID
  /// nil: the payload names the sensors.
  package let sensor: SensorID?

  /// Takes a topic apart.
  /// - Throws: `malformed_topic` when it is none of the two.
  package init(_ topic: String) throws(Refusal) {
    // By bytes: "/" stands for itself in UTF-8, and looking for characters costs five times as much.
    let levels = topic.utf8.split(
      separator: UInt8(ascii: "/"), maxSplits: 6, omittingEmptySubsequences: false
    ).map { Substring($0) }
    guard levels.count == 4 || levels.count == 6, levels[0] == "tenants", levels[2] == "devices",
      levels.count == 4 || levels[4] == "sensors"
    else {
      throw Refusal(
        .malformedTopic, field: "topic",
        message: "topic is not tenants/{slug}/devices/{device_id}[/sensors/{sensor_id}]")
    }
    guard let tenant = TenantSlug(levels[1]) else {
      throw Refusal(.malformedTopic, field: "topic", message: "the tenant's slug is malformed")
    }
    guard let device = DeviceID(levels[3]) else {
      throw Refusal(.malformedTopic, field: "topic", message: "device_id is malformed")
    }
    self.tenant = tenant
    self.device = device
    if levels.count == 6 {
      guard let sensor = SensorID(levels[5]) else {
        throw Refusal(.malformedTopic, field: "topic", message: "sensor_id is malformed")
      }
      self.sensor = sensor
    } else {
      sensor = nil
    }
  }

  /// The tenant that a malformed topic still names; empty when it names none.
  package static func tenantText(in topic: String) -> String {
    let levels = topic.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard levels.count >= 2, levels[0] == "tenants", let slug = TenantSlug(levels[1]) else {
      return ""
    }
    return slug.rawValue
  }
}
