// SPDX-License-Identifier: Apache-2.0

package import JSONText

extension ProtoStruct: JSONFieldValue {
  /// The reader bounds the depth, by that of the whole text.
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    var values = Self.maxValues
    try self.init(reading: &json, &values)
  }

  fileprivate init(
    reading json: inout JSONFieldReader, _ values: inout Int
  ) throws(JSONFieldError) {
    self.init()
    try json.beginMessage()
    while let name = try json.nextField() {
      fields["\(name)"] = try ProtoValue(reading: &json, &values)
    }
  }

  package func write(to json: inout JSONWriter) {
    json.beginObject()
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
      json.key(name)
      value.write(to: &json)
    }
    json.endObject()
  }
}

extension ProtoValue {
  /// - Parameter values: how many more there may be.
  fileprivate init(
    reading json: inout JSONFieldReader, _ values: inout Int
  ) throws(JSONFieldError) {
    guard values > 0 else {
      throw json.invalid("expected at most \(ProtoStruct.maxValues) values")
    }
    values -= 1
    switch try json.peek() {
    case .object: self = .object(try ProtoStruct(reading: &json, &values))
    case .array:
      var list: [ProtoValue] = []
      try json.token(expected: "an array") { json throws(JSONError) in try json.beginArray() }
      while try json.token(
        expected: "an array", { json throws(JSONError) in try json.nextElement() })
      {
        list.append(try ProtoValue(reading: &json, &values))
      }
      self = .list(list)
    case .string: self = .string(try String(reading: &json))
    case .number:
      self = .number(
        try json.token(expected: "a number") { json throws(JSONError) in try json.readDouble() })
    case .bool: self = .bool(try Bool(reading: &json))
    case .null:
      try json.token(expected: "null") { json throws(JSONError) in try json.readNull() }
      self = .null
    }
  }

  /// NaN and the infinities, which JSON does not have, as the strings that stand for them in other fields.
  fileprivate func write(to json: inout JSONWriter) {
    switch self {
    case .null: json.null()
    case .number(let number): json.double(number)
    case .string(let text): json.string(text)
    case .bool(let value): json.bool(value)
    case .object(let object): object.write(to: &json)
    case .list(let values):
      json.beginArray()
      for value in values { value.write(to: &json) }
      json.endArray()
    }
  }
}
