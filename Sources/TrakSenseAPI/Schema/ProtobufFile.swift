// SPDX-License-Identifier: Apache-2.0

/// A .proto file that Swift was generated from, or that one of those imports.
public struct ProtobufFile: Sendable {
  /// A field that the file adds to a message of another.
  public struct Extension: Hashable, Sendable {
    /// The message extended, with package.
    public let message: String
    /// The field's number.
    public let number: Int32

    /// - Parameters:
    ///   - message: the message extended, with package.
    ///   - number: the field's number.
    public init(of message: String, number: Int32) {
      self.message = message
      self.number = number
    }
  }

  /// Path from the root of the .proto files: `traksense/v1/telemetry.proto`.
  public let name: String
  /// Names of the files it imports.
  public let imports: [String]
  /// Everything it declares, with package: messages, fields, oneofs, enums and their values, services,
  /// methods.
  public let symbols: [String]
  /// The fields that it adds to messages of other files.
  public let extensions: [Extension]
  /// Its `google.protobuf.FileDescriptorProto` in binary form, without comments.
  public let descriptor: [UInt8]

  /// - Parameters:
  ///   - name: path from the root of the .proto files.
  ///   - imports: names of the files it imports.
  ///   - symbols: everything it declares.
  ///   - extensions: the fields that it adds elsewhere.
  ///   - descriptor: each character stands for the byte of its number.
  package init(
    name: String, imports: [String], symbols: [String], extensions: [Extension], descriptor: String
  ) {
    self.name = name
    self.imports = imports
    self.symbols = symbols
    self.extensions = extensions
    self.descriptor = descriptor.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
  }
}
