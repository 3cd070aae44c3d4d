// SPDX-License-Identifier: Apache-2.0

package import CTrakSenseProto
package import JSONText
public import NIOCore
public import RPCRuntime

extension ProtoStringValue {
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

  /// Parses a JSON string.
  public init(json: [UInt8], parsing: JSONParsing) throws(JSONFieldError) {
    self = try JSONCoding.parse(json, parsing)
  }

  /// Appends a JSON string.
  public func appendJSON(to bytes: inout [UInt8]) {
    JSONCoding.append(self, to: &bytes)
  }
}

extension ProtoStringValue: @unsafe CMessage {
  package static func initialize(_ c: UnsafeMutablePointer<Google__Protobuf__StringValue>) {
    unsafe google__protobuf__string_value__init(c)
  }

  package static var wireOverhead: Int { 11 }

  package init(decoding c: UnsafePointer<Google__Protobuf__StringValue>) throws(ProtobufError) {
    self.init(try unsafe CField.string(c.pointee.value, "google.protobuf.StringValue.value"))
  }

  package func fill(
    _ c: UnsafeMutablePointer<Google__Protobuf__StringValue>, _ arena: inout Arena
  ) {
    unsafe c.pointee.value = arena.string(value)
  }
}

extension ProtoStringValue: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    self.init(try String(reading: &json))
  }

  package func write(to json: inout JSONWriter) { json.string(value) }
}
