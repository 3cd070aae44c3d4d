// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Google's protoc as the foreign encoder and decoder.
enum Protoc {
  struct Failure: Error {
    var status: Int32
    var output: String
  }

  /// The package's own directory.
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Where the tests and the plugin were built.
  static let products: URL = {
    var directory = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    while directory.path != "/" {
      let plugin = directory.appending(path: "protoc-gen-traksense").path
      if FileManager.default.isExecutableFile(atPath: plugin) { return directory }
      directory.deleteLastPathComponent()
    }
    return root.appending(path: ".build/debug")
  }()

  /// Text form → binary form.
  static func encode(_ text: String, as message: String) throws -> [UInt8] {
    try convert("--encode=\(message)", message, Array(text.utf8))
  }

  /// Binary form → text form.
  static func decode(_ bytes: [UInt8], as message: String) throws -> String {
    String(decoding: try convert("--decode=\(message)", message, bytes), as: UTF8.self)
  }

  private static func convert(
    _ mode: String, _ message: String, _ input: [UInt8]
  ) throws -> [UInt8] {
    let (directory, file) =
      message.hasPrefix("sample.")
      ? ("Tests/SampleMessages/proto", "sample/v1/kinds.proto")
      : ("proto", "traksense/v1/telemetry.proto")
    return try run([mode, "-I", root.appending(path: directory).path, file], input)
  }

  /// Runs protoc or another program; what it says on standard error is in the failure.
  @discardableResult
  static func run(
    program: String = "protoc", _ arguments: [String], _ input: [UInt8] = []
  ) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
    (process.standardInput, process.standardOutput, process.standardError) = (stdin, stdout, stderr)
    try process.run()
    // Inputs and complaints are far smaller than a pipe's buffer.
    try stdin.fileHandleForWriting.write(contentsOf: input)
    try stdin.fileHandleForWriting.close()
    let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
    let complaint = try stderr.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(
        status: process.terminationStatus, output: String(decoding: complaint, as: UTF8.self))
    }
    return Array(output)
  }
}
