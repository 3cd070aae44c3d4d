// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Google's protoc as the foreign encoder and decoder.
enum Protoc {
  /// The package's own directory.
  static let root = URL(filePath: Repository.root)

  /// Text form → binary form.
  static func encode(_ text: String, as message: String) async throws -> [UInt8] {
    try await convert("--encode=\(message)", message, Array(text.utf8))
  }

  /// Binary form → text form.
  static func decode(_ bytes: [UInt8], as message: String) async throws -> String {
    String(decoding: try await convert("--decode=\(message)", message, bytes), as: UTF8.self)
  }

  private static func convert(
    _ mode: String, _ message: String, _ input: [UInt8]
  ) async throws -> [UInt8] {
    let (directory, file) =
      message.hasPrefix("sample.")
      ? ("Tests/SampleMessages/proto", "sample/v1/kinds.proto")
      : ("proto", "traksense/v1/telemetry.proto")
    return try await run([mode, "-I", root.appending(path: directory).path, file], input)
  }

  /// Runs protoc; what it says on standard error is in the failure.
  @discardableResult
  static func run(_ arguments: [String], _ input: [UInt8] = []) async throws -> [UInt8] {
    try await Tool.named("protoc").output(arguments, input: input)
  }
}
