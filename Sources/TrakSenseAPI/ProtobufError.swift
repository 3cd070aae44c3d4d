// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not the binary form of a message.
public enum ProtobufError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Not protobuf's wire format, or it would take far more memory than its size warrants.
  case malformed(message: String)
  /// A string field that is not UTF-8; the field's name includes package and message.
  case invalidUTF8(field: String)

  /// For people.
  public var description: String {
    switch self {
    case .malformed(let message): "not a valid \(message)"
    case .invalidUTF8(let field): "\(field) is not UTF-8"
    }
  }
}
