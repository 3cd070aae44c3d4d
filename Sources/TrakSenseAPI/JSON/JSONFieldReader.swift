// SPDX-License-Identifier: Apache-2.0

import JSONText

/// Reads the fields of messages from JSON and knows the path of the one it is at.
struct JSONFieldReader {
  private enum Step {
    case field(StaticString)
    case element(Int)
  }

  private var json: JSONReader
  private let parsing: JSONParsing
  private var path: [Step] = []

  init(_ bytes: [UInt8], _ parsing: JSONParsing) {
    json = JSONReader(bytes)
    self.parsing = parsing
  }

  /// Whether what is not known passes.
  var ignoresUnknown: Bool { parsing.ignoreUnknown }

  /// A field that is not optional; null stands for its default.
  mutating func value<Value: JSONFieldValue>(
    _ field: StaticString
  ) throws(JSONFieldError) -> Value {
    try optional(field) ?? Value()
  }

  /// A field that may be absent; null stands for that.
  mutating func optional<Value: JSONFieldValue>(
    _ field: StaticString
  ) throws(JSONFieldError) -> Value? {
    path.append(.field(field))
    defer { path.removeLast() }
    return try takeNull() ? nil : try Value(reading: &self)
  }

  /// A repeated field; null stands for none.
  mutating func list<Value: JSONFieldValue>(
    _ field: StaticString
  ) throws(JSONFieldError) -> [Value] {
    path.append(.field(field))
    defer { path.removeLast() }
    var values: [Value] = []
    guard try !takeNull() else { return values }
    try token(expected: "an array") { json throws(JSONError) in try json.beginArray() }
    path.append(.element(0))
    while try token(
      expected: "an array", { json throws(JSONError) in try json.nextElement() })
    {
      path[path.count - 1] = .element(values.count)
      values.append(try Value(reading: &self))
    }
    path.removeLast()
    return values
  }

  /// Enters a message.
  mutating func beginMessage() throws(JSONFieldError) {
    try token(expected: "an object") { json throws(JSONError) in try json.beginObject() }
  }

  /// The name of the message's next member; nil at its end.
  mutating func nextField() throws(JSONFieldError) -> JSONKey? {
    try token(expected: "an object") { json throws(JSONError) in try json.nextKey() }
  }

  /// Passes over a member that the message does not have, or refuses it.
  mutating func skipUnknown(_ key: JSONKey) throws(JSONFieldError) {
    guard ignoresUnknown else {
      let parent = pathText
      throw JSONFieldError(
        .unknownField, path: parent.isEmpty ? "\(key)" : "\(parent).\(key)",
        problem: "unknown field")
    }
    try token(expected: "a value") { json throws(JSONError) in try json.skipValue() }
  }

  /// What kind of value comes next.
  mutating func peek() throws(JSONFieldError) -> JSONKind {
    try token(expected: "a value") { json throws(JSONError) in try json.peek() }
  }

  /// Makes sure that nothing follows.
  mutating func end() throws(JSONFieldError) {
    try token(expected: "the end") { json throws(JSONError) in try json.end() }
  }

  /// Reads with the JSON reader and names the field when that fails.
  /// - Parameter expected: what the field holds, for people.
  mutating func token<Value>(
    expected: String, _ read: (inout JSONReader) throws(JSONError) -> Value
  ) throws(JSONFieldError) -> Value {
    do {
      return try read(&json)
    } catch {
      switch error.reason {
      case .typeMismatch(_, let found): throw invalid("expected \(expected), found \(found.phrase)")
      case .notAnInteger, .numberOutOfRange: throw invalid("expected \(expected)")
      default: throw JSONFieldError(.malformed, path: pathText, problem: error.description)
      }
    }
  }

  /// The error for a wrong value of the current field.
  func invalid(_ problem: String) -> JSONFieldError {
    JSONFieldError(.invalidValue, path: pathText, problem: problem)
  }

  private mutating func takeNull() throws(JSONFieldError) -> Bool {
    guard try peek() == .null else { return false }
    try token(expected: "null") { json throws(JSONError) in try json.readNull() }
    return true
  }

  private var pathText: String {
    var text = ""
    for step in path {
      switch step {
      case .field(let name): text += text.isEmpty ? "\(name)" : ".\(name)"
      case .element(let index): text += "[\(index)]"
      }
    }
    return text
  }
}

extension JSONKind {
  /// With its article, for people.
  fileprivate var phrase: String {
    switch self {
    case .object: "an object"
    case .array: "an array"
    case .string: "a string"
    case .number: "a number"
    case .bool: "a boolean"
    case .null: "null"
    }
  }
}
