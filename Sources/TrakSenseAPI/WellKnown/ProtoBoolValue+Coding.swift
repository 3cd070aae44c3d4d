// SPDX-License-Identifier: Apache-2.0

package import CTrakSenseProto
package import JSONText
public import NIOCore
public import RPCRuntime

extension ProtoBoolValue {
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

  /// Parses a JSON boolean.
  public init(json: [UInt8], parsing: JSONParsing) throws(JSONFieldError) {
    self = try JSONCoding.parse(json, parsing)
  }

  /// Appends a JSON boolean.
  public func appendJSON(to bytes: inout [UInt8]) {
    JSONCoding.append(self, to: &bytes)
  }
}

extension ProtoBoolValue: @unsafe CMessage {
  package static func initialize(_ c: UnsafeMutablePointer<Google__Protobuf__BoolValue>) {
    unsafe google__protobuf__bool_value__init(c)
  }

  package static var wireOverhead: Int { 11 }

  package init(decoding c: UnsafePointer<Google__Protobuf__BoolValue>) throws(ProtobufError) {
    unsafe self.init(c.pointee.value != 0)
  }

  package func fill(
    _ c: UnsafeMutablePointer<Google__Protobuf__BoolValue>, _ arena: inout Arena
  ) {
    unsafe c.pointee.value = value ? 1 : 0
  }
}

extension ProtoBoolValue: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    self.init(try Bool(reading: &json))
  }

  package func write(to json: inout JSONWriter) { value.write(to: &json) }
}
