// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// Which pages of other origins may use the bridge (Fetch standard, "CORS protocol").
struct CORSPolicy: Sendable {
  private let origins: Set<String>

  private static let methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
  private static let requestHeaders =
    "Authorization, Content-Type, If-None-Match, Last-Event-ID, X-Api-Key, X-Device-Token,"
    + " X-Tenant"
  private static let exposedHeaders = "ETag, Retry-After"
  /// Browsers may remember the answer to a preflight for a day, in seconds.
  private static let maxAge = "86400"

  /// - Parameter origins: compared exactly, as browsers write them: `https://app.example.com`.
  init(origins: [String]) {
    self.origins = Set(origins)
  }

  /// The headers that answer a preflight; without permission when the origin is foreign.
  /// - Returns: nil when the request is none.
  func preflight(_ request: HTTPRequest) -> HTTPFields? {
    guard request.method == .options, request.headerFields[.origin] != nil,
      request.headerFields[.accessControlRequestMethod] != nil
    else { return nil }
    var fields = headers(request)
    guard fields[.accessControlAllowOrigin] != nil else { return fields }
    fields[.accessControlAllowMethods] = Self.methods
    fields[.accessControlAllowHeaders] = Self.requestHeaders
    fields[.accessControlMaxAge] = Self.maxAge
    return fields
  }

  /// The headers of every other answer.
  func headers(_ request: HTTPRequest) -> HTTPFields {
    guard !origins.isEmpty else { return [:] }
    // Caches must not hand one origin's permission to another.
    var fields: HTTPFields = [.vary: "Origin"]
    guard let origin = request.headerFields[.origin], origins.contains(origin) else {
      return fields
    }
    fields[.accessControlAllowOrigin] = origin
    fields[.accessControlAllowCredentials] = "true"
    fields[.accessControlExposeHeaders] = Self.exposedHeaders
    return fields
  }
}
