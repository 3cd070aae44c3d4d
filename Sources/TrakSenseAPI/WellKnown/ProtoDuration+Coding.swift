// SPDX-License-Identifier: Apache-2.0

package import CTrakSenseProto
package import JSONText
public import NIOCore
public import RPCRuntime

extension ProtoDuration {
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

  /// Parses a JSON string such as `3.5s`.
  public init(json: [UInt8], parsing: JSONParsing) throws(JSONFieldError) {
    self = try JSONCoding.parse(json, parsing)
  }

  /// Appends a JSON string such as `3.5s`.
  public func appendJSON(to bytes: inout [UInt8]) {
    JSONCoding.append(self, to: &bytes)
  }
}

extension ProtoDuration: @unsafe CMessage {
  package static func initialize(_ c: UnsafeMutablePointer<Google__Protobuf__Duration>) {
    unsafe google__protobuf__duration__init(c)
  }

  package static var wireOverhead: Int { 22 }

  package init(decoding c: UnsafePointer<Google__Protobuf__Duration>) throws(ProtobufError) {
    unsafe self.init(seconds: c.pointee.seconds, nanos: c.pointee.nanos)
  }

  package func fill(_ c: UnsafeMutablePointer<Google__Protobuf__Duration>, _ arena: inout Arena) {
    unsafe c.pointee.seconds = seconds
    unsafe c.pointee.nanos = nanos
  }
}

extension ProtoDuration: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    let text = try json.token(expected: "a duration") { json throws(JSONError) in
      try json.readString()
    }
    guard let parsed = ProtoDuration(text: text) else {
      throw json.invalid("expected a duration such as 3.5s")
    }
    self = parsed
  }

  package func write(to json: inout JSONWriter) { json.string(text) }
}
