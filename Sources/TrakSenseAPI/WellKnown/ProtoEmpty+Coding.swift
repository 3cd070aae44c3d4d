// SPDX-License-Identifier: Apache-2.0

package import CTrakSenseProto
package import JSONText
public import NIOCore
public import RPCRuntime

extension ProtoEmpty {
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

  /// Parses a JSON object; members are unknown fields.
  public init(json: [UInt8], parsing: JSONParsing) throws(JSONFieldError) {
    self = try JSONCoding.parse(json, parsing)
  }

  /// Appends a JSON object; members are unknown fields.
  public func appendJSON(to bytes: inout [UInt8]) {
    JSONCoding.append(self, to: &bytes)
  }
}

extension ProtoEmpty: @unsafe CMessage {
  package static func initialize(_ c: UnsafeMutablePointer<Google__Protobuf__Empty>) {
    unsafe google__protobuf__empty__init(c)
  }

  package static var wireOverhead: Int { 0 }

  package init(decoding c: UnsafePointer<Google__Protobuf__Empty>) throws(ProtobufError) {
    self.init()
  }

  package func fill(_ c: UnsafeMutablePointer<Google__Protobuf__Empty>, _ arena: inout Arena) {}
}

extension ProtoEmpty: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    self.init()
    try json.beginMessage()
    while let key = try json.nextField() { try json.skipUnknown(key) }
  }

  package func write(to json: inout JSONWriter) {
    json.beginObject()
    json.endObject()
  }
}
