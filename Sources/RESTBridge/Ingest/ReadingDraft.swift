// SPDX-License-Identifier: Apache-2.0

import JSONText
import RPCRuntime
import TrakSenseAPI

/// One reading of a request's body, flat as devices send it: what could be understood, and what could not.
struct ReadingDraft {
  private(set) var tenant: String?
  private(set) var apiKey: String?
  private var reading = TraksenseV1.Reading()
  private var given: Set<Field> = []
  private var problems: [FieldViolation] = []

  private enum Field: String, CaseIterable {
    case deviceID = "device_id"
    case sensorID = "sensor_id"
    case value
    case unit
    case timestamp
  }

  /// Takes one member of the body's object; one that is unknown is skipped.
  /// - Throws: when the text is not JSON.
  mutating func read(_ key: JSONKey, _ json: inout JSONReader) throws(JSONError) {
    switch key {
    case "device_id": reading.deviceID = try readText(.deviceID, &json)
    case "sensor_id": reading.sensorID = try readText(.sensorID, &json)
    case "unit": reading.unit = try readText(.unit, &json)
    case "value":
      given.insert(.value)
      reading.value = try readNumber(.value, "A valid number is required.", &json) ?? 0
    case "timestamp":
      given.insert(.timestamp)
      reading.timestamp = try readTimestamp(&json)
    case "tenant": tenant = try readOptionalText("tenant", &json)
    case "api_key": apiKey = try readOptionalText("api_key", &json)
    default: try json.skipValue()
    }
  }

  /// The reading, or every field that is missing or wrong.
  func finish() -> Result<TraksenseV1.Reading, InvalidReading> {
    let missing = Field.allCases.filter { !given.contains($0) }.map {
      FieldViolation(field: $0.rawValue, description: "This field is required.")
    }
    let all = problems + missing
    return all.isEmpty ? .success(reading) : .failure(InvalidReading(violations: all))
  }

  private mutating func refuse(_ field: String, _ problem: String) {
    problems.append(FieldViolation(field: field, description: problem))
  }

  private mutating func readText(
    _ field: Field, _ json: inout JSONReader
  ) throws(JSONError) -> String {
    given.insert(field)
    guard try json.peek() == .string else {
      try json.skipValue()
      refuse(field.rawValue, "Not a valid string.")
      return ""
    }
    let text = try json.readString()
    // A unit may be empty: counts have none.
    if text.isEmpty, field != .unit { refuse(field.rawValue, "This field may not be blank.") }
    return text
  }

  private mutating func readOptionalText(
    _ name: String, _ json: inout JSONReader
  ) throws(JSONError) -> String? {
    switch try json.peek() {
    case .string: return try json.readString()
    case .null: try json.readNull()
    case .object, .array, .number, .bool:
      try json.skipValue()
      refuse(name, "Not a valid string.")
    }
    return nil
  }

  private mutating func readNumber(
    _ field: Field, _ problem: String, _ json: inout JSONReader
  ) throws(JSONError) -> Double? {
    guard try json.peek() == .number else {
      try json.skipValue()
      refuse(field.rawValue, problem)
      return nil
    }
    // A reader that threw is of no further use; the copy lets a number that is too large be passed over.
    var attempt = json
    do {
      let value = try attempt.readDouble()
      json = attempt
      return value
    } catch {
      guard case .numberOutOfRange = error.reason else { throw error }
      try json.skipValue()
      refuse(field.rawValue, problem)
      return nil
    }
  }

  private mutating func readTimestamp(
    _ json: inout JSONReader
  ) throws(JSONError) -> ProtoTimestamp? {
    let problem =
      "Expected an RFC 3339 time with Z or an offset, such as 2025-01-01T12:00:00Z, or Unix time in "
      + "seconds or milliseconds."
    if try json.peek() == .string {
      let time = ProtoTimestamp(rfc3339: try json.readString())
      if time == nil { refuse(Field.timestamp.rawValue, problem) }
      return time
    }
    guard let number = try readNumber(.timestamp, problem, &json) else { return nil }
    guard let time = UnixTime.timestamp(number) else {
      refuse(Field.timestamp.rawValue, problem)
      return nil
    }
    return time
  }
}

/// What is wrong with one reading of a body.
struct InvalidReading: Error, Hashable, Sendable {
  /// Not empty; fields by their own names, without a path.
  let violations: [FieldViolation]
}

/// Unix time as devices send it: seconds or milliseconds, told apart by magnitude.
enum UnixTime {
  /// Below: seconds (until the year 5138). At or above: milliseconds (from March 1973).
  private static let firstMilliseconds = 1e11
  /// 9999-12-31T23:59:59.999Z, in milliseconds: more is neither.
  private static let lastMilliseconds = 253_402_300_799_999.0

  /// - Returns: nil when `number` is neither seconds nor milliseconds.
  static func timestamp(_ number: Double) -> ProtoTimestamp? {
    guard number.magnitude <= lastMilliseconds else { return nil }
    let scale = number.magnitude < firstMilliseconds ? 1_000_000 : 1000
    // Apart, because the product may need more than the 53 bits of a Double.
    let whole = number.rounded(.down)
    let fraction = ((number - whole) * Double(scale)).rounded()
    return ProtoTimestamp(microseconds: Int64(whole) * Int64(scale) + Int64(fraction))
  }
}
