// SPDX-License-Identifier: Apache-2.0

import JSONText

/// A JSON text as a tree, to compare two of them.
indirect enum FuzzJSON: Equatable {
  case object([Member])
  case array([FuzzJSON])
  case string(String)
  case number(Double)
  case bool(Bool)
  case null

  struct Member: Equatable {
    var key: String
    var value: FuzzJSON
  }

  static func read(_ bytes: [UInt8]) throws(JSONError) -> FuzzJSON {
    var reader = JSONReader(bytes)
    let value = try FuzzJSON(&reader)
    try reader.end()
    return value
  }

  private init(_ reader: inout JSONReader) throws(JSONError) {
    switch try reader.peek() {
    case .object:
      var members: [Member] = []
      try reader.beginObject()
      while let key = try reader.nextKey() {
        members.append(Member(key: key.description, value: try FuzzJSON(&reader)))
      }
      self = .object(members)
    case .array:
      var values: [FuzzJSON] = []
      try reader.beginArray()
      while try reader.nextElement() { values.append(try FuzzJSON(&reader)) }
      self = .array(values)
    case .string: self = .string(try reader.readString())
    case .number: self = .number(try reader.readDouble())
    case .bool: self = .bool(try reader.readBool())
    case .null:
      try reader.readNull()
      self = .null
    }
  }

  func write(to writer: inout JSONWriter) {
    switch self {
    case .object(let members):
      writer.beginObject()
      for member in members {
        writer.key(member.key)
        member.value.write(to: &writer)
      }
      writer.endObject()
    case .array(let values):
      writer.beginArray()
      for value in values { value.write(to: &writer) }
      writer.endArray()
    case .string(let text): writer.string(text)
    case .number(let number): writer.double(number)
    case .bool(let value): writer.bool(value)
    case .null: writer.null()
    }
  }
}
