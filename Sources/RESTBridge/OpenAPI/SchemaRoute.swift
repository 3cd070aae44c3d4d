// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /schema/`: the OpenAPI document, for everybody.
struct SchemaRoute: Sendable {
  static let contentType = "application/vnd.oai.openapi+json;version=3.1"

  private let body: ByteBuffer
  private let tag: String

  /// - Parameter document: the document's text.
  init(document: [UInt8]) {
    body = ByteBuffer(bytes: document)
    tag = "\"\(String(Self.hash(document), radix: 16))\""
  }

  /// - Returns: 304 to who has it already.
  func response(to request: Request) throws(RESTError) -> Response {
    _ = try QueryParameters(request.uri.query, known: [:])
    let known = (request.headers[.ifNoneMatch] ?? "").split(separator: ",").map { one in
      // RFC 9110 §13.1.2: compared weakly.
      String(one.filter { $0 != " " }.trimmingPrefix("W/"))
    }
    let isKnown = known.contains(tag) || known == ["*"]
    var headers: HTTPFields = [.eTag: tag, .cacheControl: "no-cache"]
    guard !isKnown else { return Response(status: .notModified, headers: headers) }
    headers[.contentType] = Self.contentType
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
  }

  /// FNV-1a: tells versions apart, and keeps no secret.
  private static func hash(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
