// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// What curl received.
struct HTTPAnswer: Sendable {
  let status: Int
  /// Names in lower case.
  let headers: [String: String]
  /// One per Set-Cookie.
  let setCookies: [String]
  let body: String

  /// - Parameter text: status line, headers, an empty line, body.
  init(_ text: String) throws {
    let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
    let lines = (parts.first ?? "").split(separator: "\r\n")
    let words = (lines.first ?? "").split(separator: " ")
    guard parts.count == 2, words.count > 1, let status = Int(words[1]) else {
      throw ToolFailed(description: "no HTTP answer: \(text)")
    }
    self.status = status
    var headers: [String: String] = [:]
    var setCookies: [String] = []
    for line in lines.dropFirst() {
      let pair = line.split(separator: ":", maxSplits: 1)
      guard pair.count == 2 else { continue }
      let value = pair[1].trimmingCharacters(in: .whitespaces)
      headers[pair[0].lowercased()] = value
      if pair[0].lowercased() == "set-cookie" { setCookies.append(value) }
    }
    self.setCookies = setCookies
    self.headers = headers
    body = String(parts[1])
  }

  /// The body as JSON.
  func json<Value: Decodable>(_ type: Value.Type) throws -> Value { try JSON.decode(type, body) }
}

extension TestStack {
  /// - Parameter isSignedIn: shows the tenant's API key, unless `headers` show anything else.
  func get(
    _ path: String, host: String = TestStack.host, headers: [String] = [], isSignedIn: Bool = true
  ) async throws -> HTTPAnswer {
    let headers = isSignedIn ? withKey(headers, host: host) : headers
    return try await curl(path, host: host, headers: headers, [])
  }

  /// Adds the API key of the tenant that a request names.
  private func withKey(_ headers: [String], host: String) -> [String] {
    let shown = ["x-api-key:", "authorization:", "cookie:"]
    guard
      !headers.contains(where: { header in shown.contains { header.lowercased().hasPrefix($0) } })
    else { return headers }
    let named = headers.first { $0.lowercased().hasPrefix("x-tenant:") }?.split(separator: " ").last
    let tenant = named.map(String.init) ?? (host.lowercased().hasPrefix("acme.") ? "acme" : "umc")
    return headers + ["X-Api-Key: \(key(of: tenant))"]
  }

  /// - Parameters:
  ///   - host: the Host header, which names the tenant.
  ///   - file: sent instead of `body`.
  func post(
    _ body: String, host: String = TestStack.host, file: String? = nil,
    headers: [String] = ["X-Api-Key: \(TestStack.ingestKey)", "Content-Type: application/json"]
  ) async throws -> HTTPAnswer {
    try await curl(
      "/ingest/", host: host, headers: headers + ["Expect:"],
      ["--data-binary", file.map { "@\($0)" } ?? body])
  }

  /// A request that shows nothing but what `headers` show.
  /// - Parameter json: the body; nil: none.
  func rest(
    _ method: String, _ path: String, _ json: String? = nil, host: String = TestStack.host,
    headers: [String] = []
  ) async throws -> HTTPAnswer {
    let type = json == nil ? [] : ["Content-Type: application/json"]
    return try await curl(
      path, host: host, headers: type + headers,
      ["--request", method] + (json.map { ["--data-binary", $0] } ?? []))
  }

  /// Sends a file in the form field `avatar`.
  func upload(_ path: String, file: String, headers: [String]) async throws -> HTTPAnswer {
    try await curl(
      path, host: Self.host, headers: headers + ["Expect:"], ["--form", "avatar=@\(file)"])
  }

  /// Saves what is at a path.
  /// - Returns: status and type.
  func download(_ path: String, to file: String) async throws -> String {
    try await Run(
      Tool.named("curl").path,
      [
        "--silent", "--show-error", "--max-time", "120", "--header", "Host: \(Self.host)",
        "--output", file, "--write-out", "%{http_code} %{content_type}",
        "http://127.0.0.1:\(server.httpPort)\(path)",
      ], log: freshLog("curl")
    ).succeed()
  }

  private func curl(
    _ path: String, host: String, headers: [String], _ arguments: [String]
  ) async throws -> HTTPAnswer {
    let run = try Run(
      Tool.named("curl").path,
      ["--silent", "--show-error", "--include", "--max-time", "120", "--header", "Host: \(host)"]
        + headers.flatMap { ["--header", $0] } + arguments
        + ["http://127.0.0.1:\(server.httpPort)\(path)"],
      log: freshLog("curl"))
    return try HTTPAnswer(try await run.succeed())
  }
}

/// `GET /ingest/latest/{device_id}/`
struct LatestAnswer: Decodable {
  struct Reading: Decodable, Hashable {
    let deviceId: String
    let sensorId: String
    let value: Double
    let unit: String
    let timestamp: String
  }

  let deviceId: String
  let count: Int
  let readings: [Reading]
}

/// `GET /ingest/history/{device_id}/?interval=raw`
struct HistoryAnswer: Decodable {
  struct Row: Decodable, Hashable {
    let timestamp: String
    let sensorId: String
    let value: Double
    let unit: String
  }

  let interval: String
  let count: Int
  let data: [Row]
}

extension TestStack {
  /// Starts a curl that listens to Server-Sent Events.
  func stream(
    _ path: String = "/ingest/stream/", host: String = TestStack.host, headers: [String] = []
  ) throws -> Run {
    try Run(
      Tool.named("curl").path,
      ["--silent", "--show-error", "--no-buffer", "--max-time", "600", "--header", "Host: \(host)"]
        + withKey(headers, host: host).flatMap { ["--header", $0] }
        + ["http://127.0.0.1:\(server.httpPort)\(path)"],
      log: freshLog("events"))
  }
}
