// SPDX-License-Identifier: Apache-2.0

/// `google.protobuf.Empty`: nothing to say.
public struct ProtoEmpty: ProtobufMessage {
  /// `google.protobuf.Empty`
  public static var fullName: String { "google.protobuf.Empty" }

  /// Nothing.
  public init() {}
}
