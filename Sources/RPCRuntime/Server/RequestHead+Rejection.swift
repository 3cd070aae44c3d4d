// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension RequestHead {
  /// Why a request gets no further than its headers.
  enum Rejection: Error, Hashable {
    /// Not a call: a bare HTTP status, with the fields that go with it.
    case http(HeaderList)
    /// A call, but wrong: a trailers-only response.
    case rpc(RPCError)

    /// What an observer is told.
    var outcome: RejectedCall.Answer {
      switch self {
      case .http(let headers): .http(headers[":status"] ?? "")
      case .rpc(let error): .status(error)
      }
    }

    /// The whole response; nil for a body: there is none.
    func answer(
      to request: HeaderList, _ origins: WebOrigins
    ) -> (headers: HeaderList, body: OutboundBody?) {
      switch self {
      case .http(var headers):
        // RFC 9110 §9.3.2, §15.3.5: the answer to HEAD, and one that says so, have no content.
        if request[":method"] == "HEAD" || headers[":status"] == "204" { return (headers, nil) }
        headers.append("content-type", "text/plain; charset=utf-8")
        let body = OutboundBody()
        body.append(ByteBuffer(string: "This server speaks gRPC: POST with application/grpc.\n"))
        body.end = .endStream
        return (headers, body)
      case .rpc(let error):
        let headers: HeaderList = [
          ":status": "200", "content-type": "application/grpc",
          "grpc-status": String(error.code.rawValue),
          "grpc-message": PercentEncoding.encode(error.message),
          "grpc-accept-encoding": MessageEncoding.accepted,
        ]
        guard var text = request["content-type"],
          let content = text.withUTF8({ unsafe ContentType($0) }), content != .grpc
        else { return (headers, nil) }
        return (WebTranscoder(content, request, origins)?.headers(headers) ?? headers, nil)
      }
    }
  }
}
