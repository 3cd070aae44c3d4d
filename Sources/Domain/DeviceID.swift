// SPDX-License-Identifier: Apache-2.0

/// The identity a device publishes under (`ESP32-01`): 1–200 characters, none of which MQTT reserves in
/// topics (`/`, `+`, `#`, NUL; MQTT 3.1.1 §4.7) or is a control character.
package struct DeviceID: Hashable, Sendable, CustomStringConvertible {
  package let rawValue: String

  /// - Returns: nil when `text` is no such identity.
  package init?(_ text: some StringProtocol) {
    guard TopicLevel.isUsable(text) else { return nil }
    rawValue = String(text)
  }

  package var description: String { rawValue }
}
