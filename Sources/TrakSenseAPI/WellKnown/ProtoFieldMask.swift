// SPDX-License-Identifier: Apache-2.0

/// `google.protobuf.FieldMask`: which fields of a message are meant.
public struct ProtoFieldMask: ProtobufMessage {
  /// `google.protobuf.FieldMask`
  public static var fullName: String { "google.protobuf.FieldMask" }

  /// Names as the .proto spells them, with dots between nested ones: `update.name`.
  public var paths: [String] = []

  /// No field.
  public init() {}

  /// - Parameter paths: names as the .proto spells them.
  public init(paths: [String]) {
    self.paths = paths
  }

  /// Whether a field is named.
  public func contains(_ path: String) -> Bool { paths.contains(path) }
}
