// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import TestSupport

/// The command-line client that everyone has.
enum Curl {
  struct Answer: Sendable {
    /// curl's own exit status; 0 when the transfer was complete, negative when it was killed.
    var exit: Int32 = -1
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
    let folder = try TemporaryDirectory()
    let head = folder.url.appending(path: "head")
    let body = folder.url.appending(path: "body")
    let end = try await Run.start(
      Tool.named("curl"),
      ["-sS", "--max-time", "120", "-D", head.path, "-o", body.path] + arguments,
      log: "\(folder.path)/log"
    ).end()
    var answer = Answer(status: 0, headers: [:], body: "")
    if case .exited(let status) = end { answer.exit = status }
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
