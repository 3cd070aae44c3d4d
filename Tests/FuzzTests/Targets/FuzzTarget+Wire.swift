// SPDX-License-Identifier: Apache-2.0

import ByteText
import NIOCore

@testable import RPCRuntime

extension FuzzTarget {
  /// What a server may send to a client that has made three calls.
  static let clientBytes = FuzzTarget(
    name: "client-bytes",
    seeds: [
      [0] + FuzzFrame.settings + FuzzFrame.settingsAck
        + FuzzFrame.headers(1, [(":status", "200"), ("content-type", "application/grpc")])
        + FuzzFrame.data(1, FuzzFrame.message("text"))
        + FuzzFrame.headers(1, [("grpc-status", "0"), ("grpc-message", "%41%")], end: true),
      [7] + FuzzFrame.settings
        + FuzzFrame.headers(3, [(":status", "503")], end: true)
        + FuzzFrame.headers(5, [(":status", "200"), ("grpc-status", "99")], end: true)
        + FuzzFrame.make(kind: 7, [0, 0, 0, 5, 0, 0, 0, 0]),
    ]
  ) { bytes in
    var input = FuzzInput(bytes)
    let chunk = 1 + Int(input.byte()) * 8
    do throws(HTTP2Error) {
      let session = try HTTP2Session(HTTP2SessionConfiguration(role: .client))
      for _ in 0..<3 {
        let body = OutboundBody()
        body.append(ByteBuffer(bytes: FuzzFrame.message("request")))
        body.end = .endStream
        _ = try session.request(
          headers: [":method": "POST", ":scheme": "http", ":path": "/", ":authority": "a"],
          body: body)
      }
      var output = OutputQueue()
      try session.send(into: &output, limit: 1 << 20)
      var rest = input.remaining()[...]
      while !rest.isEmpty, session.wantsRead {
        let events = try receive(rest.prefix(chunk), session)
        for event in events { note(event, session) }
        output.removeAll()
        try session.send(into: &output, limit: 1 << 20)
        rest = rest.dropFirst(chunk)
      }
    } catch {
      // The connection is over, which is an answer.
    }
  }

  private static func receive(
    _ bytes: ArraySlice<UInt8>, _ session: borrowing HTTP2Session
  ) throws(HTTP2Error) -> [HTTP2Event] {
    let bytes = Array(bytes)
    return try bytes.withUnsafeBufferPointer { buffer throws(HTTP2Error) in
      try session.receive(UnsafeRawBufferPointer(buffer))
    }
  }

  private static func note(_ event: HTTP2Event, _ session: borrowing HTTP2Session) {
    switch event {
    case .headers(_, let headers, _):
      _ = ResponseStatus.error(headers: headers)
      _ = ResponseStatus.error(trailers: headers)
      _ = headers.customMetadata
    case .data(let stream, let bytes): session.consume(bytes.readableBytes, on: stream)
    case .headersTooLarge, .endStream, .streamClosed, .settings, .ping, .goAway: break
    }
  }

  /// Messages are the same however their bytes are cut, compressed or not.
  static let deframer = FuzzTarget(
    name: "deframer",
    seeds: [
      [3] + FuzzFrame.message("one") + FuzzFrame.message("") + FuzzFrame.message("three"),
      [1, 1, 0, 0, 0, 1, 7], [9, 0, 0xff, 0xff, 0xff, 0xff], [2, 2, 0, 0, 0, 0],
      // "text" as gzip makes it (RFC 1952).
      [2, 1, 0, 0, 0, 24, 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x2b, 0x49, 0xad, 0x28, 1, 0, 0xc7]
        + [0xa7, 0x7f, 0x3b, 4, 0, 0, 0],
    ]
  ) { bytes in
    var input = FuzzInput(bytes)
    let cut = 1 + Int(input.byte())
    let body = input.remaining()
    for encoding in [MessageEncoding.identity, .gzip] {
      let whole = deframe(body, cut: max(1, body.count), encoding)
      let pieces = deframe(body, cut: cut, encoding)
      hold(whole == pieces, "messages do not depend on how bytes are cut")
    }
  }

  /// - Returns: nil when something is wrong with them.
  private static func deframe(
    _ bytes: [UInt8], cut: Int, _ encoding: MessageEncoding
  ) -> [ByteBuffer]? {
    var deframer = MessageDeframer(limit: 300, encoding: encoding)
    var messages: [ByteBuffer] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      do throws(MessageDeframer.Failure) {
        try deframer.append(ByteBuffer(bytes: rest.prefix(cut)))
        rest = rest.dropFirst(cut)
        while let message = try deframer.next() {
          hold(message.readableBytes <= 300, "a message is within the limit")
          messages.append(message)
        }
      } catch {
        return nil
      }
    }
    return messages
  }

  /// Header fields as `name LF value LF`: what a request's head makes of them.
  static let requestHead = FuzzTarget(
    name: "request-head",
    seeds: [
      FuzzFrame.request("/f.F/U", [("grpc-timeout", "10m"), ("x-bin", "AAEC"), ("host", "h")]),
      FuzzFrame.request("/f.F/X", [("grpc-encoding", "gzip"), ("grpc-accept-encoding", "gzip")]),
      [(":method", "GET"), (":path", "/"), ("content-type", "application/grpc-web-text+proto")],
      FuzzFrame.request(
        "/f.F/B", [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01")]),
    ].map { fields in fields.flatMap { Array("\($0.0)\n\($0.1)\n".utf8) } }
  ) { bytes in
    let parts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    var headers = HeaderList()
    for index in stride(from: 0, to: parts.count - 1, by: 2) {
      headers.append(name: parts[index], value: parts[index + 1])
    }
    do throws(RequestHead.Rejection) {
      let head = try RequestHead(headers, Self.router)
      hold(
        FuzzService.methods.contains(head.handler.method), "a head names a method that is served")
    } catch {
      if case .rpc(let error) = error { hold(error.code != .ok, "a refusal is no success") }
    }
    for entry in headers.customMetadata.entries {
      hold(!entry.key.hasPrefix(":"), "pseudo-headers are no metadata")
    }
  }

  private static let router = RPCRouter([FuzzService()])

  /// What binary metadata and gRPC-Web's text mode carry.
  static let base64 = FuzzTarget(
    name: "base64",
    seeds: ["", "3QUJD", "1QUI=", "2QQ", "5QUI=QUJD", "1====", "2Q"].map { Array($0.utf8) }
  ) { bytes in
    var input = FuzzInput(bytes)
    let cut = 1 + Int(input.byte())
    let text = input.remaining()
    for form in [Base64.Form.standard, .unpadded, .url] {
      let encoded = Base64.text(text, as: form)
      hold(Base64.decode(encoded.utf8, in: .either) == text, "base64 comes back")
      hold(Base64.decode(exactly: encoded, as: form) == text, "in the very form, too")
    }
    let permission = WebOrigins.Permission.notNeeded
    let whole = decode(
      text, cut: max(1, text.count), WebTranscoder(isText: true, permission: permission))
    let pieces = decode(text, cut: cut, WebTranscoder(isText: true, permission: permission))
    hold(whole == pieces, "a body does not depend on how its text is cut")
    if let found = Base64.decode(text) {
      hold(Base64.decode(Base64.encode(found)) == found, "what decodes comes back")
    }
  }

  /// - Returns: nil when they are not base64.
  private static func decode(
    _ text: [UInt8], cut: Int, _ transcoder: WebTranscoder
  ) -> ByteBuffer? {
    var decoded = ByteBuffer()
    var rest = text[...]
    do throws(RPCError) {
      while !rest.isEmpty {
        decoded.writeImmutableBuffer(try transcoder.decode(ByteBuffer(bytes: rest.prefix(cut))))
        rest = rest.dropFirst(cut)
      }
      decoded.writeImmutableBuffer(try transcoder.decodeEnd())
      return decoded
    } catch {
      return nil
    }
  }

  /// `grpc-timeout`, `grpc-message` and `traceparent`.
  static let text = FuzzTarget(
    name: "text",
    seeds: [
      "1H", "99999999n", "%C3%A9 100%", "%", "a%4", "é\u{0}\n",
      "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
    ].map { Array($0.utf8) }
  ) { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    hold(PercentEncoding.decode(PercentEncoding.encode(text)) == text, "grpc-message comes back")
    hold(
      PercentEncoding.encode(text).utf8.allSatisfy { (0x20...0x7e).contains($0) },
      "grpc-message is printable")
    _ = PercentEncoding.decode(text)
    if let trace = TraceContext(parent: text) {
      hold(
        trace.parent == text && trace.traceID.utf8.count == 32, "a trace is passed on as it came")
    }
    if let timeout = GRPCTimeout.parse(text) {
      hold(timeout.nanoseconds >= 0, "a timeout is not negative")
      let written = GRPCTimeout.format(timeout)
      guard let again = GRPCTimeout.parse(written) else {
        preconditionFailure("\(written) is a timeout")
      }
      // 99,999,999 hours saturate.
      hold(again >= timeout || timeout.nanoseconds == .max, "a timeout does not get shorter")
    }
  }
}
