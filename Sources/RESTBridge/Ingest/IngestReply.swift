// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import JSONText
import RPCRuntime
import TrakSenseAPI

/// What became of each reading of a body.
struct IngestReply {
  enum Outcome {
    case stored(TraksenseV1.Reading)
    case duplicate(TraksenseV1.Reading)
    case refused(TraksenseV1.Reading?, reason: String, field: String, message: String)
  }

  private let form: IngestBody.Form
  private var outcomes: [Outcome]

  /// - Parameters:
  ///   - body: the request.
  ///   - positions: where in the body the readings of the call were.
  ///   - response: what the service said of these.
  /// - Throws: `.internalError` when the service did not answer for every reading.
  init(
    body: IngestBody, positions: [Int], response: TraksenseV1.IngestResponse
  ) throws(RPCError) {
    guard response.results.count == positions.count else {
      throw RPCError(
        .internalError, "\(positions.count) readings sent, \(response.results.count) results")
    }
    form = body.form
    outcomes = []
    var results = response.results[...]
    for reading in body.readings {
      switch reading {
      case .failure(let invalid):
        outcomes.append(Self.refusal(invalid))
      case .success(let reading):
        let result = results.removeFirst()
        switch result.outcome {
        case .stored: outcomes.append(.stored(reading))
        case .duplicate: outcomes.append(.duplicate(reading))
        case .refused, .unspecified, .unrecognized:
          outcomes.append(
            .refused(
              reading, reason: result.reason, field: result.field, message: result.message))
        }
      }
    }
  }

  private static func refusal(_ invalid: InvalidReading) -> Outcome {
    .refused(
      nil, reason: "invalid", field: invalid.violations.first?.field ?? "",
      message: invalid.violations.map { "\($0.field): \($0.description)" }.joined(separator: " "))
  }

  /// 201, 207, or 400 for a single reading that was refused.
  var response: Response {
    get throws(RESTError) {
      switch form {
      case .single:
        for case .refused(_, _, let field, let message) in outcomes {
          throw RESTError(field: field.isEmpty ? "non_field_errors" : field, message)
        }
        var json = JSONWriter()
        for outcome in outcomes { Self.write(outcome, to: &json) }
        return Response(json: json.bytes, status: .created)
      case .batch:
        let counts = counts
        return Response(
          json: json(counts), status: counts.refused == 0 ? .created : .multiStatus)
      }
    }
  }

  private var counts: (stored: Int, duplicates: Int, refused: Int) {
    var counts = (stored: 0, duplicates: 0, refused: 0)
    for outcome in outcomes {
      switch outcome {
      case .stored: counts.stored += 1
      case .duplicate: counts.duplicates += 1
      case .refused: counts.refused += 1
      }
    }
    return counts
  }

  private func json(_ counts: (stored: Int, duplicates: Int, refused: Int)) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.key("status")
    json.string(counts.refused == 0 ? "stored" : "partial")
    json.key("stored")
    json.integer(counts.stored)
    json.key("duplicates")
    json.integer(counts.duplicates)
    json.key("refused")
    json.integer(counts.refused)
    json.key("results")
    json.beginArray()
    for outcome in outcomes { Self.write(outcome, to: &json) }
    json.endArray()
    json.endObject()
    return json.bytes
  }

  private static func write(_ outcome: Outcome, to json: inout JSONWriter) {
    json.beginObject()
    json.key("status")
    switch outcome {
    case .stored(let reading):
      json.string("stored")
      write(reading, to: &json)
    case .duplicate(let reading):
      json.string("duplicate")
      write(reading, to: &json)
    case .refused(let reading, let reason, let field, let message):
      json.string("refused")
      if let reading { write(reading, to: &json) }
      json.key("reason")
      json.string(reason)
      json.key("field")
      json.string(field)
      json.key("message")
      json.string(message)
    }
    json.endObject()
  }

  private static func write(_ reading: TraksenseV1.Reading, to json: inout JSONWriter) {
    json.key("device_id")
    json.string(reading.deviceID)
    json.key("sensor_id")
    json.string(reading.sensorID)
    json.key("timestamp")
    if let timestamp = reading.timestamp { json.string(timestamp.rfc3339) } else { json.null() }
  }
}

extension HTTPResponse.Status {
  /// RFC 4918 §11.1.
  static var multiStatus: Self { .init(code: 207, reasonPhrase: "Multi-Status") }
}
