// SPDX-License-Identifier: Apache-2.0

import Domain
import Testing

@Suite("Identifiers")
struct IdentifierTests {
  @Test("tenant slugs are DNS labels, in lower case", arguments: ["umc", "a", "UMC", "a-1", "9x"])
  func slugs(text: String) {
    #expect(TenantSlug(text)?.rawValue == text.lowercased())
  }

  @Test(
    "anything else is no slug",
    arguments: ["", "-a", "a-", "a_b", "a.b", "é", "a b", String(repeating: "a", count: 64)])
  func noSlugs(text: String) {
    #expect(TenantSlug(text) == nil)
  }

  @Test("a slug has up to 63 characters", arguments: [62, 63, 64])
  func slugLength(length: Int) {
    #expect((TenantSlug(String(repeating: "a", count: length)) != nil) == (length <= 63))
  }

  @Test("device and sensor identities may hold anything that a topic level may")
  func topicLevels() {
    for text in [
      "ESP32-01", "temp_001", "Sala 3 – água", "a.b:c", String(repeating: "d", count: 200),
    ] {
      #expect(DeviceID(text)?.rawValue == text)
      #expect(SensorID(text)?.rawValue == text)
    }
    for text in [
      "", "a/b", "+", "a#", "a\u{0}b", "a\nb", "\u{85}", String(repeating: "d", count: 201),
    ] {
      #expect(DeviceID(text) == nil)
      #expect(SensorID(text) == nil)
    }
  }
}
