// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The command-line client that everyone has.
enum Curl {
  struct Answer: Sendable {
    /// curl's own exit status; 0 when the transfer was complete.
    var exit: Int32
    /// HTTP status; 0 when there was none.
    var status: Int
    /// Names in lower case; the last of each name.
    var headers: [String: String]
    /// Values of all Set-Cookie headers, in order.
    var cookies: [String] = []
    var body: String

    /// The body as a JSON object.
    var json: [String: Any] {
      (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
    }

    /// What the body says is wrong with a field.
    func problems(_ field: String) -> [String] { json[field] as? [String] ?? [] }

    var detail: String? { json["detail"] as? String }
  }

  static func run(_ arguments: [String]) async throws -> Answer {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("curl-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let head = directory.appendingPathComponent("head")
    let body = directory.appendingPathComponent("body")
    let exit = try await Command.run(
      "/usr/bin/env",
      ["curl", "-sS", "--max-time", "20", "-D", head.path, "-o", body.path] + arguments)
    var answer = Answer(exit: exit, status: 0, headers: [:], body: "")
    answer.body = (try? String(contentsOf: body, encoding: .utf8)) ?? ""
    let lines = ((try? String(contentsOf: head, encoding: .utf8)) ?? "")
      .split(whereSeparator: \.isNewline)
    for line in lines {
      if line.hasPrefix("HTTP/") {
        answer.status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
      } else if let colon = line.firstIndex(of: ":") {
        let name = line[..<colon].lowercased()
        let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        answer.headers[name] = value
        if name == "set-cookie" { answer.cookies.append(value) }
      }
    }
    return answer
  }
}

/// A child process.
enum Command {
  /// - Returns: the exit status.
  static func run(_ path: String, _ arguments: [String]) async throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    return try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do {
        try process.run()
      } catch {
        process.terminationHandler = nil
        continuation.resume(throwing: error)
      }
    }
  }
}
