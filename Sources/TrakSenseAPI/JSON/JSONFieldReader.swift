// SPDX-License-Identifier: Apache-2.0

package import JSONText

/// Reads the fields of messages from JSON and knows the path of the one it is at.
package struct JSONFieldReader {
  private enum Step {
    case field(StaticString)
    case element(Int)
    case key(String)
  }

  private let text: [UInt8]
  private var json: JSONReader
  private let parsing: JSONParsing
  private var path: [Step] = []

  init(_ bytes: [UInt8], _ parsing: JSONParsing) {
    text = bytes
    json = JSONReader(bytes)
    self.parsing = parsing
  }

  /// Whether what is not known passes.
  package var ignoresUnknown: Bool { parsing.ignoreUnknown }

  /// A field that is not optional; null stands for its default.
  package mutating func value<Value: JSONFieldValue>(
    _ field: StaticString
  ) throws(JSONFieldError) -> Value {
    try optional(field) ?? Value()
  }

  /// A field that may be absent; null stands for that.
  package mutating func optional<Value: JSONFieldValue>(
    _ field: StaticString
  ) throws(JSONFieldError) -> Value? {
    path.append(.field(field))
    defer { path.removeLast() }
    return try takeNull() ? nil : try Value(reading: &self)
  }

  /// A repeated field; null stands for none.
  package mutating func list<Value: JSONFieldValue>(
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

  /// A map field; null stands for none. Of equal keys the last counts.
  package mutating func map<Key: ProtobufMapKey, Value: JSONFieldValue>(
    _ field: StaticString
  ) throws(JSONFieldError) -> [Key: Value] {
    path.append(.field(field))
    defer { path.removeLast() }
    var values: [Key: Value] = [:]
    guard try !takeNull() else { return values }
    try beginMessage()
    while let name = try nextField() {
      path.append(.key("\(name)"))
      guard let key = Key(text: "\(name)") else {
        throw invalid("expected a key that is \(Key.phrase)")
      }
      values[key] = try Value(reading: &self)
      path.removeLast()
    }
    return values
  }

  /// Enters a message.
  package mutating func beginMessage() throws(JSONFieldError) {
    try token(expected: "an object") { json throws(JSONError) in try json.beginObject() }
  }

  /// The name of the message's next member; nil at its end.
  package mutating func nextField() throws(JSONFieldError) -> JSONKey? {
    try token(expected: "an object") { json throws(JSONError) in try json.nextKey() }
  }

  /// Passes over a member that the message does not have, or refuses it.
  package mutating func skipUnknown(_ key: JSONKey) throws(JSONFieldError) {
    guard ignoresUnknown else {
      let parent = pathText
      throw JSONFieldError(
        .unknownField, path: parent.isEmpty ? "\(key)" : "\(parent).\(key)",
        problem: "unknown field")
    }
    try token(expected: "a value") { json throws(JSONError) in try json.skipValue() }
  }

  /// Passes over a value and gives its text.
  package mutating func rawValue() throws(JSONFieldError) -> ArraySlice<UInt8> {
    let start = try token(expected: "a value") { json throws(JSONError) in
      // Moves to where the value starts.
      _ = try json.peek()
      return json.offset
    }
    try token(expected: "a value") { json throws(JSONError) in try json.skipValue() }
    return text[start..<json.offset]
  }

  /// Reads a text of its own that belongs to the current field, whose path goes in front of its errors'.
  package func nested<Value>(
    _ read: (JSONParsing) throws(JSONFieldError) -> Value
  ) throws(JSONFieldError) -> Value {
    do throws(JSONFieldError) {
      return try read(parsing)
    } catch {
      let path = [pathText, error.path].filter { !$0.isEmpty }.joined(separator: ".")
      throw JSONFieldError(error.kind, path: path, problem: error.problem)
    }
  }

  /// What kind of value comes next.
  package mutating func peek() throws(JSONFieldError) -> JSONKind {
    try token(expected: "a value") { json throws(JSONError) in try json.peek() }
  }

  /// Makes sure that nothing follows.
  package mutating func end() throws(JSONFieldError) {
    try token(expected: "the end") { json throws(JSONError) in try json.end() }
  }

  /// Reads with the JSON reader and names the field when that fails.
  /// - Parameter expected: what the field holds, for people.
  package mutating func token<Value>(
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
  package func invalid(_ problem: String) -> JSONFieldError {
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
      case .key(let key): text += "[\"\(key)\"]"
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
