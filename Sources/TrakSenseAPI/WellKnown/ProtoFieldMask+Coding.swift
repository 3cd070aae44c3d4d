// SPDX-License-Identifier: Apache-2.0

package import CTrakSenseProto
package import JSONText
public import NIOCore
public import RPCRuntime

extension ProtoFieldMask {
  /// Decodes the binary form. Fields that are not known are skipped.
  public init(serialized buffer: ByteBuffer) throws(ProtobufError) {
    self = try unsafe CCoding.decode(buffer)
  }

  /// Appends the binary form.
  public func encode(into buffer: inout ByteBuffer) {
    unsafe CCoding.encode(self, into: &buffer)
  }

  /// The binary form behind gRPC's prefix: ready to be sent any number of times.
  public func frame() -> MessageFrame {
    unsafe CCoding.frame(self)
  }

  /// Parses a JSON string of paths with commas between them.
  public init(json: [UInt8], parsing: JSONParsing) throws(JSONFieldError) {
    self = try JSONCoding.parse(json, parsing)
  }

  /// Appends a JSON string of paths with commas between them.
  public func appendJSON(to bytes: inout [UInt8]) {
    JSONCoding.append(self, to: &bytes)
  }
}

extension ProtoFieldMask: @unsafe CMessage {
  package static func initialize(_ c: UnsafeMutablePointer<Google__Protobuf__FieldMask>) {
    unsafe google__protobuf__field_mask__init(c)
  }

  package static var wireOverhead: Int { 11 }

  package init(decoding c: UnsafePointer<Google__Protobuf__FieldMask>) throws(ProtobufError) {
    self.init(
      paths: try unsafe CField.strings(
        c.pointee.n_paths, c.pointee.paths, "google.protobuf.FieldMask.paths"))
  }

  package func fill(_ c: UnsafeMutablePointer<Google__Protobuf__FieldMask>, _ arena: inout Arena) {
    unsafe (c.pointee.n_paths, c.pointee.paths) = arena.strings(paths)
  }
}

extension ProtoFieldMask: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    let text = try json.token(expected: "a string of paths") { json throws(JSONError) in
      try json.readString()
    }
    self.init(paths: text.split(separator: ",").map { Self.snakeCase($0) })
  }

  package func write(to json: inout JSONWriter) {
    json.string(paths.map { Self.camelCase($0) }.joined(separator: ","))
  }

  // ProtoJSON writes paths in lowerCamelCase.

  private static func snakeCase(_ path: Substring) -> String {
    path.reduce(into: "") { text, character in
      if character.isUppercase {
        text += "_\(character.lowercased())"
      } else {
        text.append(character)
      }
    }
  }

  private static func camelCase(_ path: String) -> String {
    var isUpper = false
    return path.reduce(into: "") { text, character in
      guard character != "_" else {
        isUpper = true
        return
      }
      text += isUpper ? character.uppercased() : String(character)
      isUpper = false
    }
  }
}
