// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import JSONText
import RPCRuntime
import TrakSenseAPI

/// The body of `POST /ingest/`: one flat reading, an array of them, or `{"readings":[…]}`.
struct IngestBody {
  /// Whether the answer is about one reading or lists them.
  enum Form {
    case single
    case batch
  }

  let form: Form
  /// Slug of the tenant; nil: the host's.
  let tenant: String?
  let apiKey: String?
  /// In the body's order, understood or not.
  let readings: [Result<TraksenseV1.Reading, InvalidReading>]

  /// - Throws: 400 when the text is not JSON, holds no reading, or names more than one tenant.
  init(parsing bytes: [UInt8]) throws(RESTError) {
    var reader = BodyParser(bytes)
    do throws(JSONError) {
      try reader.parse()
    } catch {
      throw RESTError(.badRequest, detail: "JSON parse error - \(error)")
    }
    if let problem = reader.problem { throw problem }
    form = reader.form
    tenant = try Self.single(reader.drafts.map(\.tenant) + [reader.outer.tenant], "tenant")
    apiKey = try Self.single(reader.drafts.map(\.apiKey) + [reader.outer.apiKey], "api_key")
    readings = reader.drafts.map { $0.finish() }
    if readings.isEmpty { throw RESTError(field: "readings", "This list may not be empty.") }
  }

  private static func single(_ values: [String?], _ field: String) throws(RESTError) -> String? {
    let different = Set(values.compactMap { $0 })
    guard different.count <= 1 else {
      throw RESTError(field: field, "Must be the same for all readings of a request.")
    }
    return different.first
  }
}

private struct BodyParser {
  private var json: JSONReader
  private(set) var form = IngestBody.Form.single
  private(set) var outer = ReadingDraft()
  private(set) var drafts: [ReadingDraft] = []
  private(set) var problem: RESTError?

  init(_ bytes: [UInt8]) {
    json = JSONReader(bytes)
  }

  mutating func parse() throws(JSONError) {
    switch try json.peek() {
    case .array:
      form = .batch
      try parseList()
    case .object: try parseObject()
    case .string, .number, .bool, .null:
      try json.skipValue()
      problem = RESTError(
        field: "non_field_errors", "Invalid data. Expected an object or an array of objects.")
    }
    try json.end()
  }

  private mutating func parseObject() throws(JSONError) {
    try json.beginObject()
    while let key = try json.nextKey() {
      if key == "readings" {
        form = .batch
        guard try json.peek() == .array else {
          try json.skipValue()
          problem = RESTError(field: "readings", "Expected a list of items.")
          continue
        }
        try parseList()
      } else {
        try outer.read(key, &json)
      }
    }
    if case .single = form { drafts = [outer] }
  }

  private mutating func parseList() throws(JSONError) {
    try json.beginArray()
    while try json.nextElement() {
      var draft = ReadingDraft()
      if try json.peek() == .object {
        try json.beginObject()
        while let key = try json.nextKey() { try draft.read(key, &json) }
      } else {
        try json.skipValue()
      }
      drafts.append(draft)
    }
  }
}
