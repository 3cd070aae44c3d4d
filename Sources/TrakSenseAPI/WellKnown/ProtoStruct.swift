// SPDX-License-Identifier: Apache-2.0

public import NIOCore
public import RPCRuntime

/// `google.protobuf.Struct`: a JSON object of any members.
///
/// It can contain itself, which protobuf-c would unpack without a limit, so that its binary form is read and
/// written here: to C a field of this type is its bytes. Equal members are equal whatever their order.
public struct ProtoStruct: ProtobufMessage {
  /// `google.protobuf.Struct`
  public static var fullName: String { "google.protobuf.Struct" }
  /// Objects and lists inside each other, this one included, up to which both forms are read. Default 64, as
  /// for JSON.
  public static let maxDepth = 64
  /// Values, at all depths, up to which both forms are read. Default 100,000: an empty value takes two bytes
  /// on the wire and some fifty in memory.
  public static let maxValues = 100_000

  /// The members by name. Names are equal when they are canonically equivalent, as Swift's strings are.
  public var fields: [String: ProtoValue] = [:]

  /// No members.
  public init() {}

  /// - Parameter fields: the members by name.
  public init(_ fields: [String: ProtoValue]) {
    self.fields = fields
  }

  /// A member; nil: there is none of that name.
  public subscript(_ name: String) -> ProtoValue? {
    get { fields[name] }
    set { fields[name] = newValue }
  }

  /// Decodes the binary form. Fields that are not known are skipped.
  public init(serialized buffer: ByteBuffer) throws(ProtobufError) {
    try self.init(wire: Array(buffer.readableBytesView))
  }

  /// Appends the binary form.
  public func encode(into buffer: inout ByteBuffer) {
    buffer.writeBytes(wire)
  }

  /// The binary form behind gRPC's prefix: ready to be sent any number of times.
  public func frame() -> MessageFrame {
    let bytes = wire
    return unsafe MessageFrame(upTo: bytes.count) { out in
      unsafe out.copyBytes(from: bytes)
      return bytes.count
    }
  }

  /// Parses a JSON object.
  public init(json: [UInt8], parsing: JSONParsing) throws(JSONFieldError) {
    self = try JSONCoding.parse(json, parsing)
  }

  /// Appends a JSON object, its members ordered by name.
  public func appendJSON(to bytes: inout [UInt8]) {
    JSONCoding.append(self, to: &bytes)
  }
}

/// `google.protobuf.Value`: any JSON value.
public enum ProtoValue: Hashable, Sendable {
  case null
  case number(Double)
  case string(String)
  case bool(Bool)
  case object(ProtoStruct)
  case list([ProtoValue])
}
