// SPDX-License-Identifier: Apache-2.0
import Domain
import JSONText

/// Reads one member's value: exactly one value is consumed whether it pleases or not, so that the
/// elements behind it can still be read. Throws only when the text is not JSON.
enum FieldReader {
  /// A number, as the nearest Double. Texts are not numbers, `true` is not 1.
  static func number(_ json: inout JSONReader) throws(JSONError) -> Result<Double, Refusal> {
    switch try json.peek() {
    case .number:
      let start = json
      do {
        return .success(try json.readDouble())
      } catch {
        guard error.reason == .numberOutOfRange else { throw error }
        json = start
        try json.skipValue()
        return .failure(
          Refusal(.notFinite, field: "value", message: "value is too large for a 64-bit float"))
      }
    case .string:
      let text = try json.readString()
      if NonFiniteLiterals.all.contains(text) {
        return .failure(Refusal(.notFinite, field: "value", message: "value is \(text)"))
      }
      return .failure(wrongKind("value", .string, "a number"))
    case .null:
      try json.readNull()
      return .failure(Refusal(.missingField, field: "value", message: "value is null"))
    case let kind:
      try json.skipValue()
      return .failure(wrongKind("value", kind, "a number"))
    }
  }

  static func text(
    _ json: inout JSONReader, _ field: String
  ) throws(JSONError) -> Result<String, Refusal> {
    let kind = try json.peek()
    guard kind == .string else {
      try json.skipValue()
      return .failure(wrongKind(field, kind, "a text"))
    }
    return .success(try json.readString())
  }

  static func timestamp(_ json: inout JSONReader) throws(JSONError) -> Result<Timestamp, Refusal> {
    switch try json.peek() {
    case .string:
      let text = try json.readString()
      guard let timestamp = Timestamp(rfc3339: text) else {
        return .failure(
          badTimestamp("timestamp is not an RFC 3339 date-time with an offset"))
      }
      return .success(timestamp)
    case .number:
      let start = json
      let number: Int64
      do {
        number = try json.readInt64()
      } catch {
        guard error.reason == .notAnInteger || error.reason == .numberOutOfRange else {
          throw error
        }
        json = start
        try json.skipValue()
        return .failure(badTimestamp("timestamp is not a whole number of (milli)seconds"))
      }
      switch number {
      case 0..<100_000_000_000: return .success(Timestamp(microseconds: number * 1_000_000))
      case 100_000_000_000..<100_000_000_000_000:
        return .success(Timestamp(microseconds: number * 1_000))
      default:
        return .failure(badTimestamp("timestamp is neither Unix seconds nor milliseconds"))
      }
    case let kind:
      try json.skipValue()
      return .failure(badTimestamp("timestamp is \(kind.rawValue), not a text or whole number"))
    }
  }

  /// Compares a member that repeats a part of the topic with it.
  /// - Parameter key: `tenant`, `device_id` or `sensor_id`.
  static func agreement(
    _ json: inout JSONReader, _ key: JSONKey, _ topic: TopicPath
  ) throws(JSONError) -> Refusal? {
    let field = key.description
    switch try text(&json, field) {
    case .failure(let refusal): return refusal
    case .success(let text):
      let agrees =
        switch key {
        case "tenant": TenantSlug(text) == topic.tenant
        case "device_id": text == topic.device.rawValue
        default: text == topic.sensor?.rawValue
        }
      return agrees
        ? nil
        : Refusal(
          .malformedPayload, field: field, message: "\(field) disagrees with the topic")
    }
  }

  private static func wrongKind(_ field: String, _ kind: JSONKind, _ wanted: String) -> Refusal {
    Refusal(.malformedPayload, field: field, message: "\(field) is \(kind.rawValue), not \(wanted)")
  }

  private static func badTimestamp(_ message: String) -> Refusal {
    Refusal(.badTimestamp, field: "timestamp", message: message)
  }
}
