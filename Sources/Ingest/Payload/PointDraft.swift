// SPDX-License-Identifier: Apache-2.0
import Domain
import JSONText

/// One element of a message as far as it could be read.
struct PointDraft {
  var sensorID: String?
  var value: Double?
  var unit: String?
  var timestamp: Timestamp?
  /// The first thing wrong with it.
  var problem: Refusal?

  /// Reads past exactly one value, whatever it is.
  /// - Throws: when the text is not JSON.
  init(reading json: inout JSONReader, _ topic: TopicPath) throws(JSONError) {
    let kind = try json.peek()
    guard kind == .object else {
      try json.skipValue()
      note(
        Refusal(
          .malformedPayload, field: "payload", message: "a point is \(kind.rawValue), not an object"
        ))
      return
    }
    try json.beginObject()
    while let key = try json.nextKey() {
      switch key {
      case "value": take(try FieldReader.number(&json), into: \.value)
      case "unit": take(try FieldReader.text(&json, "unit"), into: \.unit)
      case "timestamp": take(try FieldReader.timestamp(&json), into: \.timestamp)
      case "sensor_id" where topic.sensor == nil:
        take(try FieldReader.text(&json, "sensor_id"), into: \.sensorID)
      case "sensor_id", "device_id", "tenant":
        if let refusal = try FieldReader.agreement(&json, key, topic) { note(refusal) }
      default: try json.skipValue()
      }
    }
  }

  /// The point, or what is wrong with it.
  /// - Parameter fallback: the time of the message, for points without one of their own.
  func point(from topic: TopicPath, fallback: Timestamp?) -> IncomingPoint {
    let tenant = topic.tenant.rawValue
    if let problem { return .unreadable(tenant: tenant, problem) }
    guard let sensor = topic.sensor?.rawValue ?? sensorID else {
      return .unreadable(tenant: tenant, Self.missing("sensor_id"))
    }
    guard topic.sensor != nil || SensorID(sensor) != nil else {
      return .unreadable(
        tenant: tenant,
        Refusal(.malformedPayload, field: "sensor_id", message: "sensor_id is malformed"))
    }
    guard let value else { return .unreadable(tenant: tenant, Self.missing("value")) }
    guard let unit else { return .unreadable(tenant: tenant, Self.missing("unit")) }
    guard let timestamp = timestamp ?? fallback else {
      return .unreadable(tenant: tenant, Self.missing("timestamp"))
    }
    return .reading(
      IncomingReading(
        tenant: tenant, deviceID: topic.device.rawValue, sensorID: sensor, value: value, unit: unit,
        timestamp: timestamp))
  }

  private mutating func take<Value>(
    _ result: Result<Value, Refusal>, into field: WritableKeyPath<PointDraft, Value?>
  ) {
    switch result {
    case .success(let value): self[keyPath: field] = value
    case .failure(let refusal): note(refusal)
    }
  }

  private mutating func note(_ refusal: Refusal) {
    if problem == nil { problem = refusal }
  }

  private static func missing(_ field: String) -> Refusal {
    Refusal(.missingField, field: field, message: "\(field) is required")
  }
}
