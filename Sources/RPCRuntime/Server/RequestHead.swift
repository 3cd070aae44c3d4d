// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The headers of a request, checked.
struct RequestHead {
  let handler: RPCHandler
  let authority: String
  let timeout: TimeAmount?
  /// What compressed request messages are compressed with.
  let encoding: MessageEncoding
  /// True when the caller takes responses in gzip.
  let acceptsGzip: Bool
  /// nil for plain gRPC.
  let web: WebTranscoder?
  let headers: HeaderList

  /// - Parameters:
  ///   - headers: as received.
  ///   - router: where the path is looked up.
  ///   - origins: which pages may call.
  init(
    _ headers: HeaderList, _ router: RPCRouter, _ origins: WebOrigins = WebOrigins([])
  ) throws(Rejection) {
    self.headers = headers
    (handler, authority, timeout, encoding, acceptsGzip, web) =
      unsafe try headers.withFields { fields throws(Rejection) in
        var found = unsafe Found()
        while let field = unsafe fields.next() { unsafe found.note(field) }
        return try unsafe found.check(headers, router, origins)
      }
  }

  /// The fields that matter, where they were received.
  @unsafe private struct Found {
    private var path = unsafe UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    private var authority: UnsafeBufferPointer<UInt8>?
    private var host: UnsafeBufferPointer<UInt8>?
    private var isPOST = false
    private var content: ContentType?
    private var timeout: String?
    private var encoding: UnsafeBufferPointer<UInt8>?
    private var acceptsGzip = false

    mutating func note(_ field: HeaderField) {
      switch unsafe field.lead {
      case UInt8(ascii: ":"):
        if unsafe field.hasName(":path") {
          unsafe path = unsafe field.value
        } else if unsafe field.hasName(":authority") {
          unsafe authority = unsafe field.value
        } else if unsafe field.hasName(":method") {
          unsafe isPOST = unsafe field.hasValue("POST")
        }
      case UInt8(ascii: "c"):
        if unsafe field.hasName("content-type") {
          unsafe content = unsafe ContentType(field.value)
        }
      case UInt8(ascii: "g"):
        if unsafe field.hasName("grpc-timeout") {
          unsafe timeout = unsafe field.valueText
        } else if unsafe field.hasName("grpc-encoding") {
          unsafe encoding = unsafe field.value
        } else if unsafe field.hasName("grpc-accept-encoding") {
          unsafe acceptsGzip = unsafe MessageEncoding.namesGzip(field.value)
        }
      case UInt8(ascii: "h"):
        if unsafe field.hasName("host") { unsafe host = unsafe field.value }
      default: break
      }
    }

    typealias Checked = (
      RPCHandler, String, TimeAmount?, MessageEncoding, Bool, WebTranscoder?
    )

    func check(
      _ headers: HeaderList, _ router: RPCRouter, _ origins: WebOrigins
    ) throws(Rejection) -> Checked {
      guard unsafe isPOST else {
        throw .http(origins.preflight(headers) ?? [":status": "405", "allow": "POST"])
      }
      // gRPC over HTTP/2, "Requests": a content-type that does not begin with application/grpc gets 415.
      guard let content = unsafe content else { throw .http([":status": "415"]) }
      var web: WebTranscoder?
      if content != .grpc {
        guard let transcoder = WebTranscoder(content, headers, origins) else {
          throw .http([":status": "403", "vary": "origin"])
        }
        web = transcoder
      }
      let named = unsafe try namedEncoding()
      var limit: TimeAmount?
      if let timeout = unsafe timeout {
        guard let parsed = GRPCTimeout.parse(timeout) else {
          throw .rpc(RPCError(.invalidArgument, "malformed grpc-timeout"))
        }
        limit = parsed
      }
      guard let handler = unsafe router.handler(path: path) else {
        throw .rpc(router.unimplemented(path: unsafe String(decoding: path, as: UTF8.self)))
      }
      // RFC 9113 §8.3.1: `:authority` wins over `host`.
      let meant = unsafe (authority ?? host).map { unsafe String(decoding: $0, as: UTF8.self) }
      return unsafe (handler, meant ?? "", limit, named, acceptsGzip, web)
    }

    /// gRPC "Compression": an encoding that is not known is UNIMPLEMENTED, with what is accepted.
    private func namedEncoding() throws(Rejection) -> MessageEncoding {
      guard let encoding = unsafe encoding else { return .identity }
      let name = unsafe String(decoding: encoding, as: UTF8.self)
      if let known = MessageEncoding(rawValue: name) { return known }
      throw .rpc(RPCError(.unimplemented, "grpc-encoding '\(name)' is not supported"))
    }
  }
}
