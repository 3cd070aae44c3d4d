// SPDX-License-Identifier: Apache-2.0

package import CTrakSenseProto
package import JSONText
public import NIOCore
public import RPCRuntime

extension ProtoTimestamp {
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

  /// Parses a JSON string that holds an RFC 3339 time.
  public init(json: [UInt8], parsing: JSONParsing) throws(JSONFieldError) {
    self = try JSONCoding.parse(json, parsing)
  }

  /// Appends a JSON string that holds an RFC 3339 time in UTC.
  public func appendJSON(to bytes: inout [UInt8]) {
    JSONCoding.append(self, to: &bytes)
  }
}

extension ProtoTimestamp: @unsafe CMessage {
  package static func initialize(_ c: UnsafeMutablePointer<Google__Protobuf__Timestamp>) {
    unsafe google__protobuf__timestamp__init(c)
  }

  package static var wireOverhead: Int { 22 }

  package init(decoding c: UnsafePointer<Google__Protobuf__Timestamp>) throws(ProtobufError) {
    unsafe self.init(seconds: c.pointee.seconds, nanos: c.pointee.nanos)
  }

  package func fill(_ c: UnsafeMutablePointer<Google__Protobuf__Timestamp>, _ arena: inout Arena) {
    unsafe c.pointee.seconds = seconds
    unsafe c.pointee.nanos = nanos
  }
}

extension ProtoTimestamp: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    let text = try json.token(expected: "an RFC 3339 time") { json throws(JSONError) in
      try json.readString()
    }
    guard let parsed = ProtoTimestamp(rfc3339: text) else {
      throw json.invalid("expected an RFC 3339 time such as 2025-01-01T12:00:00Z")
    }
    self = parsed
  }

  package func write(to json: inout JSONWriter) { json.string(rfc3339) }
}
