// SPDX-License-Identifier: Apache-2.0

package import JSONText

/// Something a field can hold, in its proto3 JSON form.
package protocol JSONFieldValue {
  /// The field's default.
  init()

  /// Reads a value that is not null.
  init(reading json: inout JSONFieldReader) throws(JSONFieldError)

  /// Writes the value.
  func write(to json: inout JSONWriter)
}

extension JSONWriter {
  /// Writes a field, also when it holds its default.
  package mutating func field(_ name: StaticString, _ value: some JSONFieldValue) {
    key(name)
    value.write(to: &self)
  }

  /// Writes a field; null when it is absent.
  package mutating func field(_ name: StaticString, _ value: (some JSONFieldValue)?) {
    key(name)
    if let value { value.write(to: &self) } else { null() }
  }

  /// Writes a map field, ordered by key.
  package mutating func field<Key: ProtobufMapKey>(
    _ name: StaticString, _ values: [Key: some JSONFieldValue]
  ) {
    key(name)
    beginObject()
    for (name, value) in values.sorted(by: { Key.isOrdered($0.key, before: $1.key) }) {
      key(name.text)
      value.write(to: &self)
    }
    endObject()
  }

  /// Writes a repeated field.
  package mutating func field(_ name: StaticString, _ values: [some JSONFieldValue]) {
    key(name)
    beginArray()
    for value in values { value.write(to: &self) }
    endArray()
  }
}

/// The JSON form of whole messages.
package enum JSONCoding {
  package static func parse<Message: JSONFieldValue>(
    _ bytes: [UInt8], _ parsing: JSONParsing
  ) throws(JSONFieldError) -> Message {
    var json = JSONFieldReader(bytes, parsing)
    let message = try Message(reading: &json)
    try json.end()
    return message
  }

  package static func append(_ message: some JSONFieldValue, to bytes: inout [UInt8]) {
    // Taken out, so that the writer is the only owner and appends in place.
    let taken = bytes
    bytes = []
    var json = JSONWriter(appendingTo: taken)
    message.write(to: &json)
    bytes = json.bytes
  }
}
