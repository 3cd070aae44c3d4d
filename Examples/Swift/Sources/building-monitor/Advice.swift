// SPDX-License-Identifier: Apache-2.0

import TrakSenseAPI

/// What a failed call means to the person at the terminal.
struct Advice {
  let text: String

  init(_ error: RPCError) {
    var lines = ["\(error.code.canonicalName): \(error.message)"]
    // The request's fields that were wrong, by their names in the .proto.
    lines += error.violations.map { "  \($0.field): \($0.description)" }
    if let hint = Self.hint(error) { lines.append("  \(hint)") }
    text = lines.joined(separator: "\n")
  }

  private static func hint(_ error: RPCError) -> String? {
    switch error.code {
    case .unauthenticated: "is TRAKSENSE_API_KEY a key of this tenant, not expired and not revoked?"
    case .permissionDenied: "the key's scopes do not allow this; see `traksense apikey list`"
    case .unavailable: "is the server running, and is the address right?"
    case .resourceExhausted:
      error.retryAfter.map { "too many calls; try again after \($0)" } ?? "too many calls"
    default: nil
    }
  }
}
