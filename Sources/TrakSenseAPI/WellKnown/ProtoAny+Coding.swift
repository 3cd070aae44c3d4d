// SPDX-License-Identifier: Apache-2.0

package import CTrakSenseProto
public import NIOCore
public import RPCRuntime

extension ProtoAny {
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

  /// Parses a JSON object with the message's fields and `@type`.
  public init(json: [UInt8], parsing: JSONParsing) throws(JSONFieldError) {
    self = try JSONCoding.parse(json, parsing)
  }

  /// Appends a JSON object with the message's fields and `@type`.
  public func appendJSON(to bytes: inout [UInt8]) {
    JSONCoding.append(self, to: &bytes)
  }
}

extension ProtoAny: @unsafe CMessage {
  package static func initialize(_ c: UnsafeMutablePointer<Google__Protobuf__Any>) {
    unsafe google__protobuf__any__init(c)
  }

  package static var wireOverhead: Int { 22 }

  package init(decoding c: UnsafePointer<Google__Protobuf__Any>) throws(ProtobufError) {
    self.init()
    typeURL = try unsafe CField.string(c.pointee.type_url, "google.protobuf.Any.type_url")
    value = unsafe CField.bytes(c.pointee.value)
  }

  package func fill(_ c: UnsafeMutablePointer<Google__Protobuf__Any>, _ arena: inout Arena) {
    unsafe c.pointee.type_url = arena.string(typeURL)
    unsafe c.pointee.value = arena.bytes(value)
  }
}
