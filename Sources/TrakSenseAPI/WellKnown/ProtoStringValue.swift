// SPDX-License-Identifier: Apache-2.0

/// `google.protobuf.StringValue`: a text that, as a field, may be absent, which is not the same as empty.
public struct ProtoStringValue: ProtobufMessage {
  /// `google.protobuf.StringValue`
  public static var fullName: String { "google.protobuf.StringValue" }

  /// The text.
  public var value: String = ""

  /// The empty text.
  public init() {}

  /// - Parameter value: the text.
  public init(_ value: String) {
    self.value = value
  }

  /// - Parameter value: the text; nil makes nil.
  public init?(_ value: String?) {
    guard let value else { return nil }
    self.value = value
  }
}
