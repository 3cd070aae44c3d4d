// SPDX-License-Identifier: Apache-2.0

/// Why a point was not stored, in words for whoever sent it.
package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Reason: String, Hashable, Sendable, CaseIterable {
    case malformedPayload = "malformed_payload"
    case malformedTopic = "malformed_topic"
    case missingField = "missing_field"
    case unknownTenant = "unknown_tenant"
    case unknownDevice = "unknown_device"
    case unknownSensor = "unknown_sensor"
    case unitMismatch = "unit_mismatch"
    case outOfRange = "out_of_range"
    case notFinite = "not_finite"
    case badTimestamp = "bad_timestamp"
    case tooLarge = "too_large"
    /// Nothing is wrong with the point: the tenant's store refused it for good. To be replayed.
    case storeFailed = "store_failed"

    /// True when the thing named does not exist, as opposed to the input being wrong in itself.
    package var isNotFound: Bool {
      switch self {
      case .unknownTenant, .unknownDevice, .unknownSensor: true
      case .malformedPayload, .malformedTopic, .missingField, .unitMismatch, .outOfRange,
        .notFinite, .badTimestamp, .tooLarge, .storeFailed:
        false
      }
    }
  }

  package let reason: Reason
  /// The offending field by its name in the payload (`unit`), or `topic`/`payload` for the whole.
  package let field: String
  package let message: String

  package init(_ reason: Reason, field: String, message: String) {
    self.reason = reason
    self.field = field
    self.message = message
  }

  package var description: String { "\(field): \(message)" }
}
