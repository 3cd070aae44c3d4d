// SPDX-License-Identifier: Apache-2.0

/// `google.protobuf.BoolValue`: a yes or no that, as a field, may be absent, which is not the same as no.
public struct ProtoBoolValue: ProtobufMessage {
  /// `google.protobuf.BoolValue`
  public static var fullName: String { "google.protobuf.BoolValue" }

  /// The value.
  public var value: Bool = false

  /// No.
  public init() {}

  /// - Parameter value: the value.
  public init(_ value: Bool) {
    self.value = value
  }

  /// - Parameter value: the value; nil makes nil.
  public init?(_ value: Bool?) {
    guard let value else { return nil }
    self.value = value
  }
}
