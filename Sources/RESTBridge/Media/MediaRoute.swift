// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore
import RPCRuntime
import TrakSenseAPI

/// `GET /media/{key}?expires=…&signature=…`: a file that a signed URL opens.
struct MediaRoute: Sendable {
  let media: TraksenseV1.MediaServiceClient
  let calls: CallOptionsFactory

  /// As long as a URL is valid.
  private static let cacheControl = "private, max-age=3600"

  /// - Throws: 400 for a bad query, and what the call throws before its first message. What fails later
  ///   breaks the connection, so that nobody takes half a file for a whole one.
  func respond(to request: Request, key: String, _ caller: Caller) async throws -> Response {
    let query = try QueryParameters(
      request.uri.query, known: ["expires": .once, "signature": .once])
    let stream = PeekedStream(
      try await media.fetch(
        TraksenseV1.FetchMediaRequest(
          key: key, expires: query.text("expires") ?? "", signature: query.text("signature") ?? ""),
        options: calls.options(
          for: request, caller, tenant: query.text(QueryParameters.tenant), timeout: calls.timeout)))
    guard let first = try await stream.first() else {
      throw RPCError(.internalError, "file ended without its first message")
    }
    return Response(
      status: .ok,
      headers: [
        .contentType: first.contentType, .cacheControl: Self.cacheControl,
        .contentSecurityPolicy: SecurityHeaders.filePolicy,
      ],
      body: ResponseBody(contentLength: Int(first.size)) { writer in
        var left = Int(first.size)
        var next: TraksenseV1.FetchMediaResponse? = first
        while let message = next {
          left -= message.data.count
          guard left >= 0 else { break }
          if !message.data.isEmpty { try await writer.write(ByteBuffer(bytes: message.data)) }
          next = try await stream.next()
        }
        guard left == 0 else {
          throw RPCError(.internalError, "file has another size than it said")
        }
        try await writer.finish(nil)
      })
  }
}
