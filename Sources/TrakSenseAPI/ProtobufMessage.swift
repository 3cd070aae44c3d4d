// SPDX-License-Identifier: Apache-2.0

public import NIOCore
public import RPCRuntime

/// A message of the .proto: a value with a binary and a JSON form.
public protocol ProtobufMessage: Hashable, Sendable {
  /// Nothing set.
  init()

  /// Decodes the binary form. Fields that are not known are skipped.
  init(serialized: ByteBuffer) throws(ProtobufError)

  /// Appends the binary form.
  func encode(into buffer: inout ByteBuffer)

  /// The binary form behind gRPC's prefix: ready to be sent any number of times.
  func frame() -> MessageFrame

  /// Parses the proto3 JSON form: field names as in the .proto or in lowerCamelCase, 64-bit integers as
  /// numbers or strings, null for what is not set.
  /// - Throws: the path of the first field that is wrong.
  init(json: [UInt8], parsing: JSONParsing) throws(JSONFieldError)

  /// Appends the proto3 JSON form: field names as in the .proto, 64-bit integers as strings, scalars also
  /// when they are 0, empty or false, and null for messages that are not set.
  func appendJSON(to bytes: inout [UInt8])

  /// With the package: `traksense.v1.Reading`.
  static var fullName: String { get }
}

extension ProtobufMessage {
  /// Parses the proto3 JSON form, ignoring fields that are not known.
  public init(json: [UInt8]) throws(JSONFieldError) {
    try self.init(json: json, parsing: JSONParsing())
  }

  /// The proto3 JSON form.
  public var json: [UInt8] {
    var bytes: [UInt8] = []
    appendJSON(to: &bytes)
    return bytes
  }
}
