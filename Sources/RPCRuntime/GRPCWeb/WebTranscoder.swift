// SPDX-License-Identifier: Apache-2.0

import ByteText
import NIOCore

/// One gRPC-Web call at the edge of its stream (gRPC "PROTOCOL-WEB"): what differs from gRPC is the
/// content-type, base64 in text mode, and that the trailers are the last frame of the body. Handlers and
/// ``ServerStreamStateMachine`` know nothing of it.
///
/// Unchecked Sendable because it travels in ``RequestHead``: only its stream uses it, on that stream's loop.
final class WebTranscoder: @unchecked Sendable {
  /// The flag byte of the frame that holds the trailers.
  private static let trailersFlag: UInt8 = 0x80

  private let isText: Bool
  private let contentType: String
  private let permission: WebOrigins.Permission
  private var decoder = Base64.Decoder()

  /// - Parameters:
  ///   - isText: base64 in both directions.
  ///   - permission: what the browser is told about the caller's origin.
  init(isText: Bool, permission: WebOrigins.Permission) {
    self.isText = isText
    self.permission = permission
    contentType = isText ? "application/grpc-web-text+proto" : "application/grpc-web+proto"
  }

  /// - Returns: nil when the caller is a page that may not call.
  convenience init?(_ content: ContentType, _ headers: HeaderList, _ origins: WebOrigins) {
    guard let permission = origins.permission(for: headers) else { return nil }
    self.init(isText: content == .grpcWebText, permission: permission)
  }

  /// Takes body bytes as received.
  /// - Throws: when they are not base64, in text mode.
  func decode(_ bytes: ByteBuffer) throws(RPCError) -> ByteBuffer {
    guard isText else { return bytes }
    var decoded = ByteBuffer()
    let isBase64 = unsafe bytes.withUnsafeReadableBytes { unsafe decoder.take($0, into: &decoded) }
    guard isBase64 else { throw Self.notBase64 }
    return decoded
  }

  /// The body has come to its end.
  /// - Returns: what was held back.
  /// - Throws: when it cannot end there.
  func decodeEnd() throws(RPCError) -> ByteBuffer {
    var decoded = ByteBuffer()
    guard decoder.finish(into: &decoded) else { throw Self.notBase64 }
    return decoded
  }

  private static let notBase64 = RPCError(.invalidArgument, "request body is not base64")

  /// Gives frames the form in which they are sent; each is a text of its own with its own padding.
  func encode(_ frame: ByteBuffer) -> ByteBuffer {
    guard isText else { return frame }
    return unsafe frame.withUnsafeReadableBytes {
      ByteBuffer(bytes: unsafe Base64.encode($0))
    }
  }

  /// The frame that ends a body: the trailers as lines of an HTTP/1.1 header.
  func encode(trailers: HeaderList) -> ByteBuffer {
    var frame = ByteBuffer()
    frame.writeInteger(Self.trailersFlag)
    frame.writeInteger(0 as UInt32)
    unsafe trailers.withFields { fields in
      while let field = unsafe fields.next() {
        unsafe frame.writeBytes(field.name)
        frame.writeStaticString(": ")
        unsafe frame.writeBytes(field.value)
        frame.writeStaticString("\r\n")
      }
    }
    frame.setInteger(UInt32(frame.readableBytes - MessageFrame.prefixLength), at: 1)
    return encode(frame)
  }

  /// The headers of a response.
  /// - Parameter grpc: what a gRPC caller would get: status, content-type, the protocol's fields, metadata.
  func headers(_ grpc: HeaderList) -> HeaderList {
    var headers: HeaderList = [
      ":status": "200", "content-type": contentType, "cache-control": "no-store",
    ]
    var exposed = WebOrigins.alwaysExposed
    unsafe grpc.withFields { fields in
      while let field = unsafe fields.next() {
        if unsafe field.hasName(":status") || field.hasName("content-type") { continue }
        let name = unsafe field.nameText
        headers.append(name: name, value: unsafe field.valueText)
        if !exposed.contains(name) { exposed.append(name) }
      }
    }
    permission.append(to: &headers, exposing: exposed)
    return headers
  }
}
