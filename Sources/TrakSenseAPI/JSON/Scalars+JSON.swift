// SPDX-License-Identifier: Apache-2.0

package import JSONText

// Source: "ProtoJSON Format", table of types.

extension String: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    self = try json.token(expected: "a string") { json throws(JSONError) in
      try json.readString()
    }
  }

  package func write(to json: inout JSONWriter) { json.string(self) }
}

extension Bool: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    self = try json.token(expected: "a boolean") { json throws(JSONError) in
      try json.readBool()
    }
  }

  package func write(to json: inout JSONWriter) { json.bool(self) }
}

extension Double: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    self = try json.number(expected: "a number") { json throws(JSONError) in
      try json.readDouble()
    } special: { text in
      switch text {
      case "NaN": .nan
      case "Infinity": .infinity
      case "-Infinity": -.infinity
      default: nil
      }
    }
  }

  package func write(to json: inout JSONWriter) { json.double(self) }
}

extension Float: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    let value = try Double(reading: &json)
    self.init(value)
    guard isFinite || !value.isFinite else { throw json.invalid("expected a 32-bit number") }
  }

  package func write(to json: inout JSONWriter) { json.float(self) }
}

extension Int64: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    self = try json.number(expected: "a 64-bit integer") { json throws(JSONError) in
      try json.readInt64()
    }
  }

  package func write(to json: inout JSONWriter) { json.quotedInteger(self) }
}

extension UInt64: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    self = try json.number(expected: "an unsigned 64-bit integer") { json throws(JSONError) in
      try json.readUInt64()
    }
  }

  package func write(to json: inout JSONWriter) { json.quotedInteger(self) }
}

extension Int32: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    let value = try json.number(expected: "a 32-bit integer") { json throws(JSONError) in
      try json.readInt64()
    }
    guard let narrow = Int32(exactly: value) else {
      throw json.invalid("expected a 32-bit integer")
    }
    self = narrow
  }

  package func write(to json: inout JSONWriter) { json.integer(self) }
}

extension UInt32: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    let value = try json.number(expected: "an unsigned 32-bit integer") {
      json throws(JSONError) in
      try json.readInt64()
    }
    guard let narrow = UInt32(exactly: value) else {
      throw json.invalid("expected an unsigned 32-bit integer")
    }
    self = narrow
  }

  package func write(to json: inout JSONWriter) { json.integer(self) }
}

extension JSONFieldValue where Self: ProtobufEnum {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    guard try json.peek() == .string else {
      let expected = "one of \(Self.nameList)"
      let number = try json.token(expected: expected) { json throws(JSONError) in
        try json.readInt64()
      }
      guard let narrow = Int32(exactly: number) else { throw json.invalid("expected \(expected)") }
      self.init(rawValue: narrow)
      return
    }
    let name = try String(reading: &json)
    if let known = Self.names.first(where: { "\($0.name)" == name }) {
      self = known.value
    } else if json.ignoresUnknown {
      self.init()
    } else {
      throw json.invalid("expected one of \(Self.nameList)")
    }
  }

  package func write(to json: inout JSONWriter) {
    if let known = Self.names.first(where: { $0.value == self }) {
      json.string("\(known.name)")
    } else {
      json.integer(rawValue)
    }
  }

  private static var nameList: String { names.map { "\($0.name)" }.joined(separator: ", ") }
}

extension JSONFieldReader {
  /// Reads a number, or a string that holds one.
  /// - Parameter special: understands strings that are not JSON numbers.
  fileprivate mutating func number<Value>(
    expected: String, _ read: (inout JSONReader) throws(JSONError) -> Value,
    special: (String) -> Value? = { _ in nil }
  ) throws(JSONFieldError) -> Value {
    guard try peek() == .string else { return try token(expected: expected, read) }
    let text = try String(reading: &self)
    if let value = special(text) { return value }
    do {
      // White space around the number is not part of it.
      guard let first = text.utf8.first, first > UInt8(ascii: " ") else {
        throw JSONError(.unexpectedEnd, at: 0)
      }
      var quoted = JSONReader(Array(text.utf8))
      let value = try read(&quoted)
      guard quoted.offset == text.utf8.count else {
        throw JSONError(.trailingBytes, at: quoted.offset)
      }
      return value
    } catch {
      throw invalid("expected \(expected)")
    }
  }
}
