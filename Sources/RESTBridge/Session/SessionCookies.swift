// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// The tokens that a browser sends by itself.
struct SessionCookies: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  static let accessName = "access_token"
  static let refreshName = "refresh_token"

  /// nil: there is none, or an empty one.
  private(set) var access: String?
  private(set) var refresh: String?

  /// - Parameter headers: the request's. Of cookies with the same name the first counts: browsers send the
  ///   most specific one first (RFC 6265 §5.4).
  init(_ headers: HTTPFields) {
    for field in headers where field.name.canonicalName == "cookie" {
      for pair in field.value.split(separator: ";") {
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { continue }
        let value = String(parts[1].drop { $0 == " " }.prefix { $0 != " " })
        guard !value.isEmpty else { continue }
        switch parts[0].filter({ $0 != " " }) {
        case Self.accessName: access = access ?? value
        case Self.refreshName: refresh = refresh ?? value
        default: break
        }
      }
    }
  }

  var isEmpty: Bool { access == nil && refresh == nil }

  var description: String { "(redacted)" }
  var debugDescription: String { description }
}
