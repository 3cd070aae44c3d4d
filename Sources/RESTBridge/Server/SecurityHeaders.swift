// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// What every answer tells browsers about its own safety.
enum SecurityHeaders {
  /// `nosniff`, no framing, no referrer to other sites, no hold on the windows of others.
  static let all: HTTPFields = {
    var fields: HTTPFields = [.xContentTypeOptions: "nosniff"]
    let named = [
      ("X-Frame-Options", "DENY"), ("Referrer-Policy", "same-origin"),
      ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
    for (name, value) in named {
      if let name = HTTPField.Name(name) { fields[name] = value }
    }
    return fields
  }()

  /// Content-Security-Policy of data: nothing in it may run or load anything.
  static let dataPolicy = "default-src 'none'; frame-ancestors 'none'"

  /// Content-Security-Policy of files that people gave: whatever they are, nothing in them runs, not even
  /// when one is opened by itself.
  static let filePolicy = "default-src 'none'; sandbox; frame-ancestors 'none'"

  /// Content-Security-Policy of the page: its own script, style and data, nothing inline, nothing foreign.
  static let pagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
