// SPDX-License-Identifier: Apache-2.0

package import JSONText
import NIOCore

// Source: "ProtoJSON Format", Any. Known are the messages of this module.

extension ProtoAny: JSONFieldValue {
  /// Messages whose JSON is not an object, or is one with members of its own: it stands in `value`.
  private static let standingInValue: Set<String> = [
    ProtoAny.fullName, ProtoDuration.fullName, ProtoTimestamp.fullName,
  ]
  /// Containers inside each other up to which a message is shown. Default 64, as when reading: one that
  /// holds itself a hundred thousand times would use up the stack.
  private static let depthLimit = 64

  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    var typeURL: String?
    var members: [(name: JSONKey, value: ArraySlice<UInt8>)] = []
    try json.beginMessage()
    while let key = try json.nextField() {
      if key == "@type" {
        typeURL = try json.value("@type")
      } else {
        members.append((key, try json.rawValue()))
      }
    }
    guard let typeURL, !typeURL.isEmpty else {
      guard members.isEmpty else { throw json.invalid("expected a member @type") }
      self.init()
      return
    }
    let name = ProtoAny(typeURL: typeURL, value: []).messageName
    guard let type = ProtobufSchema.trakSenseAPI.message(named: String(name)) else {
      throw json.invalid("unknown type \(typeURL)")
    }
    var inner: [UInt8]
    if Self.standingInValue.contains(String(name)) {
      inner = Array(members.last { $0.name == "value" }?.value ?? [])
    } else {
      var object = JSONWriter()
      object.beginObject()
      for (name, value) in members {
        object.key("\(name)")
        object.raw(value)
      }
      object.endObject()
      inner = object.bytes
    }
    self.init(typeURL: typeURL, value: [])
    value = try json.nested { parsing throws(JSONFieldError) in
      try Self.encoded(type.init(json: inner, parsing: parsing))
    }
  }

  /// What cannot be shown, because its type is not known, its bytes are not of that type, or it is nested
  /// too deeply, is written as base64 in `value`.
  package func write(to json: inout JSONWriter) {
    json.beginObject()
    guard !typeURL.isEmpty else { return json.endObject() }
    json.key("@type")
    json.string(typeURL)
    if json.depth < Self.depthLimit, let message = known {
      var inner = JSONWriter(depth: json.depth)
      message.write(to: &inner)
      if Self.standingInValue.contains(String(messageName)) {
        json.key("value")
        json.raw(inner.bytes)
      } else {
        json.members(ofObject: inner.bytes)
      }
    } else {
      json.field("value", value)
    }
    json.endObject()
  }

  private var known: (any JSONFieldValue)? {
    guard let type = ProtobufSchema.trakSenseAPI.message(named: String(messageName)) else {
      return nil
    }
    do throws(ProtobufError) {
      return try type.init(serialized: ByteBuffer(bytes: value)) as? any JSONFieldValue
    } catch {
      return nil
    }
  }

  private static func encoded(_ message: any ProtobufMessage) -> [UInt8] {
    var buffer = ByteBuffer()
    message.encode(into: &buffer)
    return Array(buffer.readableBytesView)
  }
}

extension JSONWriter {
  /// Writes what is between the braces of an object, within another.
  fileprivate mutating func members(ofObject object: [UInt8]) {
    let members = object.dropFirst().dropLast()
    if !members.isEmpty { raw(members) }
  }
}
