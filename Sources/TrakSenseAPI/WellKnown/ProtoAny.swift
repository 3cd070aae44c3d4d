// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// `google.protobuf.Any`: a message of any type with the name of its type.
public struct ProtoAny: ProtobufMessage {
  /// `google.protobuf.Any`
  public static var fullName: String { "google.protobuf.Any" }

  /// Ends with a slash and the message's name with package.
  public var typeURL: String = ""
  /// The message's binary form.
  public var value: [UInt8] = []

  /// No message.
  public init() {}

  /// - Parameters:
  ///   - typeURL: ends with a slash and the message's name.
  ///   - value: the message's binary form.
  public init(typeURL: String, value: [UInt8]) {
    self.typeURL = typeURL
    self.value = value
  }

  /// - Parameter message: what it shall hold.
  public init<Message: ProtobufMessage>(packing message: Message) {
    var buffer = ByteBuffer()
    message.encode(into: &buffer)
    self.init(
      typeURL: "type.googleapis.com/\(Message.fullName)", value: Array(buffer.readableBytesView))
  }

  /// The name, with package, of the message's type; empty when nothing is held.
  public var messageName: Substring {
    typeURL.last == "/" ? "" : typeURL.split(separator: "/").last ?? ""
  }

  /// The message, when it is of this type.
  /// - Returns: nil when it is of another.
  /// - Throws: when its bytes are not that message.
  public func unpack<Message: ProtobufMessage>(
    as type: Message.Type = Message.self
  ) throws(ProtobufError) -> Message? {
    guard messageName == Message.fullName else { return nil }
    return try Message(serialized: ByteBuffer(bytes: value))
  }
}
