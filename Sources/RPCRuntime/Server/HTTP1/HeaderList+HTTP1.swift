// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

extension HeaderList {
  /// A request of HTTP/1.1 in the form that HTTP/2 gives it (RFC 9113 §8.3.1), without the fields that are
  /// the connection's.
  init(_ head: HTTPRequestHead, scheme: String) {
    self.init()
    append(":method", head.method.rawValue)
    append(":scheme", scheme)
    append(":path", head.uri)
    if let host = head.headers.first(name: "host") { append(":authority", host) }
    for (name, value) in head.headers {
      let name = name.lowercased()
      switch name {
      case "connection", "content-length", "expect", "host", "keep-alive", "proxy-connection",
        "te", "trailer", "transfer-encoding", "upgrade":
        continue
      default: append(name: name, value: value)
      }
    }
  }
}

extension HTTPResponseHead {
  init(_ headers: HeaderList, version: HTTPVersion) {
    var status = HTTPResponseStatus.internalServerError
    var fields = HTTPHeaders()
    unsafe headers.withFields { list in
      while let field = unsafe list.next() {
        if unsafe field.hasName(":status") {
          status = HTTPResponseStatus(statusCode: Int(unsafe field.valueText) ?? 500)
        } else {
          fields.add(name: unsafe field.nameText, value: unsafe field.valueText)
        }
      }
    }
    self.init(version: version, status: status, headers: fields)
  }
}
