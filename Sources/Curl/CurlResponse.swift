// SPDX-License-Identifier: Apache-2.0

/// What the server said at the end. An HTTP error is a response too: what it means is the caller's business.
package struct CurlResponse: Sendable {
  /// HTTP status or SMTP reply code.
  package let code: Int
  /// As the server wrote it; nil when it did not.
  package let contentType: String?
  package let body: [UInt8]
}
