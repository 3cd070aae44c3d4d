// SPDX-License-Identifier: Apache-2.0
package import Domain
import JSONText

/// Reads the payload of a telemetry message.
///
/// On a sensor's topic: a point `{"value":23.5,"unit":"°C","timestamp":"2025-01-01T12:00:00Z"}`, or an
/// array of such points from a device that was offline. On a device's topic:
/// `{"timestamp"?,"sensors":[{"sensor_id","value","unit","timestamp"?}]}`, where the outer timestamp is
/// for the points that have none. `tenant`, `device_id` and `sensor_id` may be repeated in the payload
/// and must then agree with the topic. Other members are ignored; of equal names the last one counts.
///
/// A timestamp is an RFC 3339 text with an offset, or a whole number: seconds since 1970 when below
/// 10¹¹ (year 5138), else milliseconds (10¹¹ ms is 1973) up to 10¹⁴.
///
/// A payload that is not JSON, or too large, is one unreadable point. In one that is, every element is
/// judged alone. Bare `NaN`, `Infinity` and `-Infinity`, which some encoders write though JSON has none,
/// cost only their own point.
package struct PayloadDecoder: Sendable {
  private let limits: IngestLimits

  package init(limits: IngestLimits = IngestLimits()) {
    self.limits = limits
  }

  /// - Returns: at least one point. Never traps, whatever the bytes.
  package func decode(_ payload: [UInt8], from topic: TopicPath) -> [IncomingPoint] {
    do throws(Failure) {
      return try points(in: payload, from: topic)
    } catch {
      if case .notJSON = error, let repaired = NonFiniteLiterals.quoted(in: payload),
        let points = try? points(in: repaired, from: topic)  // Else the first error tells more.
      {
        return points
      }
      return [.unreadable(tenant: topic.tenant.rawValue, error.refusal)]
    }
  }

  /// Why a whole message is refused.
  private enum Failure: Error {
    case notJSON(JSONError)
    case refused(Refusal)

    var refusal: Refusal {
      switch self {
      case .refused(let refusal): refusal
      case .notJSON(let error):
        Refusal(.malformedPayload, field: "payload", message: "payload is not JSON: \(error)")
      }
    }
  }

  private func points(
    in payload: [UInt8], from topic: TopicPath
  ) throws(Failure) -> [IncomingPoint] {
    guard payload.count <= limits.maxMessageBytes else {
      throw .refused(
        Refusal(
          .tooLarge, field: "payload",
          message: "payload is larger than \(limits.maxMessageBytes) bytes"))
    }
    var json = JSONReader(payload, maximumDepth: 16)
    let points: [IncomingPoint]?
    do {
      points =
        if topic.sensor == nil {
          try deviceMessage(&json, topic)
        } else {
          try sensorMessage(&json, topic)
        }
      if points != nil { try json.end() }
    } catch {
      throw .notJSON(error)
    }
    guard let points else {
      throw .refused(
        Refusal(
          .tooLarge, field: "payload",
          message: "payload carries more than \(limits.maxPointsPerMessage) points"))
    }
    guard !points.isEmpty else {
      throw .refused(Refusal(.missingField, field: "payload", message: "payload has no points"))
    }
    return points
  }

  // MARK: - The two shapes. nil: too many points.

  private func sensorMessage(
    _ json: inout JSONReader, _ topic: TopicPath
  ) throws(JSONError) -> [IncomingPoint]? {
    guard try json.peek() == .array else {
      return [try PointDraft(reading: &json, topic).point(from: topic, fallback: nil)]
    }
    var points: [IncomingPoint] = []
    try json.beginArray()
    while try json.nextElement() {
      guard points.count < limits.maxPointsPerMessage else { return nil }
      points.append(try PointDraft(reading: &json, topic).point(from: topic, fallback: nil))
    }
    return points
  }

  private func deviceMessage(
    _ json: inout JSONReader, _ topic: TopicPath
  ) throws(JSONError) -> [IncomingPoint]? {
    guard try json.peek() == .object else {
      let kind = try json.peek().rawValue
      try json.skipValue()
      return [Self.unreadable(topic, "payload", "payload is \(kind), not an object with sensors")]
    }
    // The outer members may stand behind the sensors: points are finished when all is read.
    var drafts: [PointDraft] = []
    var fallback: Timestamp?
    var problem: Refusal?
    var timestampProblem: Refusal?
    var hasSensors = false
    try json.beginObject()
    while let key = try json.nextKey() {
      switch key {
      case "timestamp":
        switch try FieldReader.timestamp(&json) {
        case .success(let timestamp): fallback = timestamp
        case .failure(let refusal): timestampProblem = refusal
        }
      case "tenant", "device_id":
        if let refusal = try FieldReader.agreement(&json, key, topic) {
          problem = problem ?? refusal
        }
      case "sensors":
        guard try json.peek() == .array else {
          let kind = try json.peek().rawValue
          try json.skipValue()
          problem =
            problem
            ?? Refusal(
              .malformedPayload, field: "sensors", message: "sensors is \(kind), not an array")
          continue
        }
        hasSensors = true
        drafts = []
        try json.beginArray()
        while try json.nextElement() {
          guard drafts.count < limits.maxPointsPerMessage else { return nil }
          drafts.append(try PointDraft(reading: &json, topic))
        }
      default:
        try json.skipValue()
      }
    }
    guard hasSensors else {
      return [
        .unreadable(
          tenant: topic.tenant.rawValue,
          problem
            ?? Refusal(
              .missingField, field: "sensors", message: "sensors is required on this topic"))
      ]
    }
    return drafts.map { draft in
      var draft = draft
      if draft.timestamp == nil { draft.problem = draft.problem ?? timestampProblem }
      draft.problem = problem ?? draft.problem
      return draft.point(from: topic, fallback: fallback)
    }
  }

  private static func unreadable(
    _ topic: TopicPath, _ field: String, _ message: String
  ) -> IncomingPoint {
    .unreadable(
      tenant: topic.tenant.rawValue, Refusal(.malformedPayload, field: field, message: message))
  }
}
