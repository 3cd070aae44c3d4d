// SPDX-License-Identifier: Apache-2.0

/// Which pages may call: those of the origins that were configured, and those that come from this server
/// itself (Fetch standard, "CORS protocol").
struct WebOrigins: Sendable {
  /// What a browser is told about the origin of a call.
  enum Permission: Hashable, Sendable {
    /// The caller names no origin, or the server's own: nothing needs to be said.
    case notNeeded
    case granted(origin: String)

    /// Appends what makes a response readable to the page that asked.
    func append(to headers: inout HeaderList, exposing names: [String]) {
      // Caches must not hand one origin's permission to another.
      headers.append("vary", "origin")
      guard case .granted(let origin) = self else { return }
      headers.append("access-control-allow-origin", origin)
      headers.append("access-control-allow-credentials", "true")
      headers.append("access-control-expose-headers", names.joined(separator: ","))
    }
  }

  /// Readable to pages with every response.
  static let alwaysExposed = ["grpc-status", "grpc-message", "grpc-status-details-bin"]
  /// Browsers may remember the answer to a preflight for a day, in seconds.
  private static let maxAge = "86400"
  /// What pages may send besides what they ask for by name.
  private static let usualRequestHeaders =
    "authorization,content-type,grpc-timeout,x-api-key,x-device-token,x-grpc-web,x-tenant,x-user-agent"

  private let origins: Set<String>

  /// - Parameter origins: compared exactly, as browsers write them: `https://app.example.com`. There is no
  ///   "any": responses may carry what credentials open.
  init(_ origins: [String]) {
    self.origins = Set(origins).subtracting(["*", "null", ""])
  }

  /// - Returns: nil when the caller is a page that may not call.
  func permission(for headers: HeaderList) -> Permission? {
    guard let origin = headers["origin"] else { return .notNeeded }
    if origins.contains(origin) { return .granted(origin: origin) }
    guard let host = headers[":authority"] ?? headers["host"], !host.isEmpty else { return nil }
    return origin == "http://\(host)" || origin == "https://\(host)" ? .notNeeded : nil
  }

  /// The answer to the question that browsers ask before a call; without permission when the origin is
  /// foreign.
  /// - Returns: nil when the request is none.
  func preflight(_ headers: HeaderList) -> HeaderList? {
    guard headers[":method"] == "OPTIONS", let origin = headers["origin"],
      headers["access-control-request-method"] != nil
    else { return nil }
    var answer: HeaderList = [":status": "204", "vary": "origin"]
    guard origins.contains(origin) else { return answer }
    answer.append("access-control-allow-origin", origin)
    answer.append("access-control-allow-credentials", "true")
    answer.append("access-control-allow-methods", "POST")
    // Metadata may have any name: what the page asks for is allowed.
    answer.append(
      "access-control-allow-headers",
      headers["access-control-request-headers"] ?? Self.usualRequestHeaders)
    answer.append("access-control-max-age", Self.maxAge)
    return answer
  }
}
