// SPDX-License-Identifier: Apache-2.0

import ByteText
import Credentials
import HTTPTypes
import Hummingbird

/// The strong entity tag of an answer (RFC 9110 §8.8.3), and what it is for: a client that polls names the one
/// it has, and gets 304 without a body when nothing has changed.
struct EntityTag: Hashable, Sendable {
  /// Half a SHA-256 is enough to tell bodies apart, and short.
  private static let digestBytes = 16
  /// What the same address may be answered differently by.
  private static let vary = "Authorization, Cookie, X-Api-Key, X-Tenant"

  /// With its quotes.
  let text: String

  /// - Returns: nil when libcrypto fails: an answer without a tag is as good.
  init?(of body: [UInt8]) {
    guard let digest = try? Digest.sha256(body) else { return nil }
    text = "\"\(Hexadecimal.encode(digest.prefix(Self.digestBytes)))\""
  }

  /// Whether a client that sends this `If-None-Match` has the body already (RFC 9110 §13.1.2: weak
  /// comparison).
  func isNamed(by condition: String) -> Bool {
    condition.split(separator: ",").contains { part in
      let tag = part.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
      return tag == "*" || tag == text || tag == "W/\(text)"
    }
  }

  /// The answer to a GET that has this body now. It may be kept by who asked, who has to ask each time
  /// whether it still holds: the request is checked as any other before it is answered with 304.
  static func response(_ json: [UInt8], to request: Request) -> Response {
    var response = Response(json: json)
    guard let tag = EntityTag(of: json) else { return response }
    let condition = request.headers[values: .ifNoneMatch].joined(separator: ",")
    if tag.isNamed(by: condition) { response = Response(status: .notModified) }
    response.headers[.eTag] = tag.text
    response.headers[.cacheControl] = "private, no-cache"
    response.headers[.vary] = vary
    return response
  }
}
