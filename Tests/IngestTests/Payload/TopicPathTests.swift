// SPDX-License-Identifier: Apache-2.0
import Domain
import Ingest
import Testing

struct TopicPathTests {
  @Test("a sensor's topic is taken apart")
  func sensorTopic() throws {
    let path = try TopicPath("tenants/acme/devices/ESP32-01/sensors/temp_001")
    #expect(path.tenant.rawValue == "acme")
    #expect(path.device.rawValue == "ESP32-01")
    #expect(path.sensor?.rawValue == "temp_001")
  }

  @Test("a device's topic has no sensor")
  func deviceTopic() throws {
    let path = try TopicPath("tenants/acme/devices/Kühlraum 3")
    #expect(path.device.rawValue == "Kühlraum 3")
    #expect(path.sensor == nil)
  }

  @Test(
    "anything else is a malformed topic",
    arguments: [
      "", "/", "tenants", "tenants/acme", "tenants/acme/devices", "tenants/acme/devices/",
      "tenants/acme/devices/d/", "tenants/acme/devices/d/sensors",
      "tenants/acme/devices/d/sensors/",
      "tenants/acme/devices/d/sensors/s/", "tenants/acme/devices/d/sensors/s/x",
      "/tenants/acme/devices/d", "Tenants/acme/devices/d", "tenants//devices/d",
      "tenants/-acme/devices/d", "tenants/ac me/devices/d", "tenants/acme/device/d",
      "tenants/acme/devices/d/sensor/s", "tenants/acme/devices/d/sensors/s/x/y/z",
      "tenants/acme/devices/+", "tenants/acme/devices/d/sensors/#",
      "tenants/\(String(repeating: "a", count: 64))/devices/d",
      "tenants/acme/devices/\(String(repeating: "d", count: 201))",
    ])
  func malformed(_ topic: String) {
    let refusal = #expect(throws: Refusal.self) { try TopicPath(topic) }
    #expect(refusal?.reason == .malformedTopic)
    #expect(refusal?.field == "topic")
  }

  @Test("identities may be as long as the catalogue allows")
  func longest() throws {
    let longest = String(repeating: "ü", count: 200)
    #expect(try TopicPath("tenants/acme/devices/\(longest)").device.rawValue == longest)
  }

  @Test(
    "a malformed topic still names its tenant when it can",
    arguments: [
      ("tenants/ACME/nonsense", "acme"), ("tenants/acme", "acme"), ("tenants", ""),
      ("tenants/a b/devices/d", ""), ("other/acme/devices/d", ""), ("", ""),
    ])
  func tenantText(_ topic: String, _ tenant: String) {
    #expect(TopicPath.tenantText(in: topic) == tenant)
  }
}
