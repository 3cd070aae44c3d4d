// SPDX-License-Identifier: Apache-2.0

import JSONText

extension DocumentValue {
  /// Reads a value; nil when the text is not JSON.
  init?(json text: String) {
    var json = JSONReader(Array(text.utf8))
    do throws(JSONError) {
      self = try Self.value(&json)
      try json.end()
    } catch {
      return nil
    }
  }

  private static func value(_ json: inout JSONReader) throws(JSONError) -> DocumentValue {
    switch try json.peek() {
    case .object:
      var members: [Member] = []
      try json.beginObject()
      while let key = try json.nextKey() {
        members.append(Member(name: key.description, value: try value(&json)))
      }
      return .object(members)
    case .array:
      var values: [DocumentValue] = []
      try json.beginArray()
      while try json.nextElement() { values.append(try value(&json)) }
      return .array(values)
    case .string: return .text(try json.readString())
    case .number:
      let number = try json.readDouble()
      guard let whole = Int64(exactly: number) else { return .number("\(number)") }
      return .integer(whole)
    case .bool: return .bool(try json.readBool())
    case .null:
      try json.readNull()
      return .null
    }
  }
}
