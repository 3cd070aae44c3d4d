// SPDX-License-Identifier: Apache-2.0

/// The identity of a measurement point within its device (`temp_001`); same alphabet as ``DeviceID``.
package struct SensorID: Hashable, Sendable, CustomStringConvertible {
  package let rawValue: String

  /// - Returns: nil when `text` is no such identity.
  package init?(_ text: some StringProtocol) {
    guard TopicLevel.isUsable(text) else { return nil }
    rawValue = String(text)
  }

  package var description: String { rawValue }
}
