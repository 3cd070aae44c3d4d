// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The headers of a request, checked.
struct RequestHead {
  let path: String
  let authority: String
  let timeout: TimeAmount?
  let headers: HeaderList

  /// Why a request gets no further than its headers.
  enum Rejection: Error, Hashable {
    /// Not gRPC: a bare HTTP status, with the fields that go with it.
    case http(HeaderList)
    /// gRPC, but wrong: a trailers-only response.
    case rpc(RPCError)
  }

  static let contentType: StaticString = "application/grpc"

  init(_ headers: HeaderList) throws(Rejection) {
    var path = ""
    var authority = ""
    var isPOST = false
    var isGRPC = false
    var timeoutText: String?
    var encoding: String?
    for index in 0..<headers.count {
      switch headers.nameLead(index) {
      case UInt8(ascii: ":"):
        if headers.name(index, is: ":path") {
          path = headers.value(index)
        } else if headers.name(index, is: ":authority") {
          authority = headers.value(index)
        } else if headers.name(index, is: ":method") {
          isPOST = headers.value(index) == "POST"
        }
      case UInt8(ascii: "c") where headers.name(index, is: "content-type"):
        isGRPC = Self.isGRPC(headers, index)
      case UInt8(ascii: "g"):
        if headers.name(index, is: "grpc-timeout") {
          timeoutText = headers.value(index)
        } else if headers.name(index, is: "grpc-encoding") {
          encoding = headers.value(index)
        }
      case UInt8(ascii: "h") where authority.isEmpty && headers.name(index, is: "host"):
        // RFC 9113 §8.3.1: `:authority` wins over `host`.
        authority = headers.value(index)
      default: break
      }
    }
    guard isPOST else { throw .http([":status": "405", "allow": "POST"]) }
    // gRPC over HTTP/2, "Requests": a content-type that does not begin with application/grpc gets 415.
    guard isGRPC else { throw .http([":status": "415"]) }
    if let encoding, encoding != "identity" {
      throw .rpc(
        RPCError(
          .unimplemented, "grpc-encoding '\(encoding)' is not supported",
          metadata: ["grpc-accept-encoding": "identity"]))
    }
    if let timeoutText {
      guard let parsed = GRPCTimeout.parse(timeoutText) else {
        throw .rpc(RPCError(.invalidArgument, "malformed grpc-timeout"))
      }
      timeout = parsed
    } else {
      timeout = nil
    }
    self.path = path
    self.authority = authority
    self.headers = headers
  }

  /// What the caller added: everything but pseudo-headers and the protocol's own fields.
  static func customMetadata(of headers: HeaderList) -> Metadata {
    var metadata = Metadata()
    for index in 0..<headers.count {
      switch headers.nameLead(index) {
      case UInt8(ascii: ":"): continue
      case UInt8(ascii: "c") where headers.name(index, is: "content-type"): continue
      case UInt8(ascii: "t") where headers.name(index, is: "te"): continue
      default: break
      }
      let name = headers.name(index)
      if name.hasPrefix("grpc-") { continue }
      metadata.add(headers.value(index), for: name)
    }
    return metadata
  }

  /// `application/grpc`, `application/grpc+proto`, `application/grpc; …`, but not `application/grpc-web`.
  private static func isGRPC(_ headers: HeaderList, _ index: Int) -> Bool {
    guard headers.value(index, hasPrefix: contentType) else { return false }
    let rest = headers.value(index).utf8.dropFirst(contentType.utf8CodeUnitCount)
    guard let next = rest.first else { return true }
    return next == UInt8(ascii: "+") || next == UInt8(ascii: ";") || next == UInt8(ascii: " ")
  }
}
