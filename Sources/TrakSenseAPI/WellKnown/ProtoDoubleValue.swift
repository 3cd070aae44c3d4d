// SPDX-License-Identifier: Apache-2.0

/// `google.protobuf.DoubleValue`: a number that, as a field, may be absent, which is not the same as 0.
public struct ProtoDoubleValue: ProtobufMessage {
  /// `google.protobuf.DoubleValue`
  public static var fullName: String { "google.protobuf.DoubleValue" }

  /// The value.
  public var value: Double = 0

  /// The value 0.
  public init() {}

  /// - Parameter value: the value.
  public init(_ value: Double) {
    self.value = value
  }

  /// - Parameter value: the value; nil makes nil.
  public init?(_ value: Double?) {
    guard let value else { return nil }
    self.value = value
  }
}
