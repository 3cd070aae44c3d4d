// SPDX-License-Identifier: Apache-2.0

/// What a JSON value is (RFC 8259 §3).
package enum JSONKind: String, Hashable, Sendable {
  case object
  case array
  case string
  case number
  case bool
  case null
}
