// SPDX-License-Identifier: Apache-2.0

package import CTrakSenseProto
package import JSONText
public import NIOCore
public import RPCRuntime

extension ProtoUInt32Value {
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

  /// Parses a JSON number.
  public init(json: [UInt8], parsing: JSONParsing) throws(JSONFieldError) {
    self = try JSONCoding.parse(json, parsing)
  }

  /// Appends a JSON number.
  public func appendJSON(to bytes: inout [UInt8]) {
    JSONCoding.append(self, to: &bytes)
  }
}

extension ProtoUInt32Value: @unsafe CMessage {
  package static func initialize(_ c: UnsafeMutablePointer<Google__Protobuf__UInt32Value>) {
    unsafe google__protobuf__uint32_value__init(c)
  }

  package static var wireOverhead: Int { 11 }

  package init(decoding c: UnsafePointer<Google__Protobuf__UInt32Value>) throws(ProtobufError) {
    unsafe self.init(c.pointee.value)
  }

  package func fill(
    _ c: UnsafeMutablePointer<Google__Protobuf__UInt32Value>, _ arena: inout Arena
  ) {
    unsafe c.pointee.value = value
  }
}

extension ProtoUInt32Value: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    self.init(try UInt32(reading: &json))
  }

  package func write(to json: inout JSONWriter) { value.write(to: &json) }
}
