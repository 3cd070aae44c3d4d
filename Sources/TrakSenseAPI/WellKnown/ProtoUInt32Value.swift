// SPDX-License-Identifier: Apache-2.0

/// `google.protobuf.UInt32Value`: an unsigned number that, as a field, may be absent, which is not the same as 0.
public struct ProtoUInt32Value: ProtobufMessage {
  /// `google.protobuf.UInt32Value`
  public static var fullName: String { "google.protobuf.UInt32Value" }

  /// The value.
  public var value: UInt32 = 0

  /// The value 0.
  public init() {}

  /// - Parameter value: the value.
  public init(_ value: UInt32) {
    self.value = value
  }

  /// - Parameter value: the value; nil makes nil.
  public init?(_ value: UInt32?) {
    guard let value else { return nil }
    self.value = value
  }
}
