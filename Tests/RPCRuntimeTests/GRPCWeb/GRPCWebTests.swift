// SPDX-License-Identifier: Apache-2.0

import ByteText
import NIOCore
import Synchronization
import Testing

@testable import RPCRuntime

@Suite("gRPC-Web by curl", .timeLimit(.minutes(1)))
struct GRPCWebTests {
  @Test("a unary call brings message, metadata and status back", arguments: Loopback.WebForm.all)
  func unary(form: Loopback.WebForm) async throws {
    try await Loopback.run { loopback in
      let text = String(repeating: "reading ", count: 40_000)
      for text in ["hello", "", text] {
        let reply = try await loopback.curl(
          form, EchoService.say, RawFrame.message(text), ["x-request: r", "x-grpc-web: 1"])
        #expect(reply.status == 200)
        #expect(reply.headers["content-type"] == form.contentType + "+proto")
        #expect(reply.headers["x-initial"] == "i")
        #expect(reply.messages == [text])
        #expect(reply.trailers == ["grpc-status": "0", "x-trailing": "r"])
      }
    }
  }

  @Test("a stream brings all messages and the status at its end", arguments: Loopback.WebForm.all)
  func serverStreaming(form: Loopback.WebForm) async throws {
    try await Loopback.run { loopback in
      let reply = try await loopback.curl(form, EchoService.flood, RawFrame.message("100"))
      #expect(reply.frames.count == 101)
      for (index, frame) in reply.frames.dropLast().enumerated() {
        #expect(frame.bytes.count == 10_000)
        #expect(RawFrame(.data, frame.bytes).number() == UInt32(index))
      }
      #expect(reply.trailers == ["grpc-status": "0"])
    }
  }

  @Test("calls that stream requests work too", arguments: Loopback.WebForm.all)
  func clientStreaming(form: Loopback.WebForm) async throws {
    try await Loopback.run { loopback in
      let body = ["one,", "", "two,"].flatMap { RawFrame.message($0) }
      let joined = try await loopback.curl(form, EchoService.join, body)
      #expect(joined.messages == ["one,two,"])
      let answered = try await loopback.curl(form, EchoService.chat, body)
      #expect(answered.messages == ["one,", "", "two,"])
    }
  }

  @Test("a status without message goes into the headers", arguments: Loopback.WebForm.all)
  func trailersOnly(form: Loopback.WebForm) async throws {
    try await Loopback.run { loopback in
      let reply = try await loopback.curl(form, EchoService.fail, RawFrame.message("5"))
      #expect(reply.status == 200)
      #expect(reply.headers["grpc-status"] == "5")
      #expect(reply.headers["grpc-message"] == "as asked: 100 %25 %C2%B0C%0A")
      #expect(reply.headers["x-detail"] == "d")
      #expect(reply.body == [])
      let unknown = MethodDescriptor(service: "no.Service", method: "Say", kind: .unary)
      let none = try await loopback.curl(form, unknown, [])
      #expect(none.headers["grpc-status"] == "12")
      #expect(none.headers["content-type"] == form.contentType + "+proto")
      let broken = try await loopback.curl(form, EchoService.say, [0, 0, 0, 0, 9, 1])
      #expect(broken.headers["grpc-status"] == "3")
      let large = try await loopback.curl(form, EchoService.say, [0, 255, 255, 255, 255])
      #expect(large.headers["grpc-status"] == "8")
    }
  }

  @Test("a deadline ends a call", arguments: Loopback.WebForm.all)
  func deadline(form: Loopback.WebForm) async throws {
    try await Loopback.run { loopback in
      let hung = try await loopback.curl(
        form, EchoService.hang, RawFrame.message(""), ["grpc-timeout: 300m"])
      #expect(hung.headers["grpc-status"] == "4")
      let idle = try await loopback.curl(
        form, EchoService.idle, RawFrame.message(""), ["grpc-timeout: 600m"])
      #expect(idle.messages == ["first"])
      #expect(idle.trailers["grpc-status"] == "4")
      try await eventually("the handlers are cancelled") {
        loopback.service.cancelled.load(ordering: .relaxed) == 2
      }
    }
  }

  @Test("compressed messages are negotiated as in gRPC", arguments: Loopback.WebForm.all)
  func compression(form: Loopback.WebForm) async throws {
    try await Loopback.run { loopback in
      let compressed = try await ForeignTool.gzip(Array("squeezed".utf8))
      let body = [1] + RawFrame.word(UInt32(compressed.count)) + compressed
      let reply = try await loopback.curl(form, EchoService.say, body, ["grpc-encoding: gzip"])
      #expect(reply.messages == ["squeezed"])
      let squeezed = try await loopback.curl(
        form, EchoService.squeeze, RawFrame.message(""), ["grpc-accept-encoding: gzip"])
      #expect(squeezed.frames.map(\.flag) == [1, 0, 0, 0x80])
      #expect(
        try await ForeignTool.gunzip(squeezed.frames[0].bytes)
          == [UInt8](repeating: 0x61, count: 10_000))
    }
  }

  @Test("text may come in texts with padding of their own, and must be base64")
  func text() async throws {
    let message = RawFrame.message("hello, text")
    // Each of them is padded.
    let parts = [message.prefix(1), message.dropFirst(1).prefix(4), message.dropFirst(5)]
    let texts = parts.map { Base64.text($0) }
    for form in Loopback.WebForm.all where !form.isText {
      try await Loopback.run { loopback in
        for (body, status) in [
          (texts.joined(), "0"), (texts.joined().dropLast() + "", "0"),
          (texts.joined().dropLast(2) + "", "3"), ("AAA", "3"), ("A*==", "3"),
          ("=", "3"), ("AAAA\r\n", "3"),
        ] {
          let reply = try await loopback.curl(
            form, EchoService.say, Array(body.utf8),
            ["content-type: application/grpc-web-text+proto"])
          #expect(
            (reply.trailers["grpc-status"] ?? reply.headers["grpc-status"]) == status, "\(body)")
          if status == "0" { #expect(reply.messages == ["hello, text"]) }
        }
      }
    }
  }

  @Test("a caller that hangs up cancels its handler", arguments: Loopback.WebForm.all)
  func hangUp(form: Loopback.WebForm) async throws {
    try await Loopback.run { loopback in
      let call = Task { try await loopback.curl(form, EchoService.idle, RawFrame.message("")) }
      try await eventually("the handler runs") {
        loopback.service.running.load(ordering: .relaxed) == 1
      }
      call.cancel()
      _ = await call.result
      try await eventually("the handler is cancelled") {
        loopback.service.cancelled.load(ordering: .relaxed) == 1
      }
    }
  }
}

@Suite("Which pages may call", .timeLimit(.minutes(1)))
struct WebOriginTests {
  private static let ours = "https://app.example.com"

  private static func preflight(
    _ loopback: Loopback, isHTTP2: Bool, _ headers: [String]
  ) async throws -> WebReply {
    try await WebReply(
      ForeignTool.run(
        "/usr/bin/env",
        [
          "curl", "-sSi", "--max-time", "30", "-X", "OPTIONS",
          isHTTP2 ? "--http2-prior-knowledge" : "--http1.1", loopback.address(EchoService.say),
        ] + headers.flatMap { ["-H", $0] }))
  }

  @Test("the browser's question is answered for configured origins", arguments: [false, true])
  func preflight(isHTTP2: Bool) async throws {
    try await Loopback.run(allowedOrigins: [Self.ours]) { loopback in
      let question = [
        "access-control-request-method: POST",
        "access-control-request-headers: content-type,x-grpc-web,x-custom",
      ]
      let yes = try await Self.preflight(
        loopback, isHTTP2: isHTTP2, ["origin: \(Self.ours)"] + question)
      #expect(yes.status == 204)
      #expect(yes.headers["access-control-allow-origin"] == Self.ours)
      #expect(yes.headers["access-control-allow-credentials"] == "true")
      #expect(yes.headers["access-control-allow-methods"] == "POST")
      #expect(
        yes.headers["access-control-allow-headers"] == "content-type,x-grpc-web,x-custom")
      #expect(yes.headers["vary"] == "origin")
      for origin in ["https://evil.example.com", "null", "*", Self.ours + ".evil.com"] {
        let no = try await Self.preflight(
          loopback, isHTTP2: isHTTP2, ["origin: \(origin)"] + question)
        #expect(no.status == 204)
        #expect(no.headers.keys.allSatisfy { !$0.hasPrefix("access-control-") }, "\(origin)")
      }
      let other = try await Self.preflight(loopback, isHTTP2: isHTTP2, [])
      #expect(other.status == 405)
    }
  }

  @Test("responses say what the page may read", arguments: Loopback.WebForm.all)
  func responses(form: Loopback.WebForm) async throws {
    try await Loopback.run(allowedOrigins: [Self.ours]) { loopback in
      for method in [EchoService.say, EchoService.fail] {
        let reply = try await loopback.curl(
          form, method, RawFrame.message("5"), ["origin: \(Self.ours)"])
        #expect(reply.status == 200)
        #expect(reply.headers["access-control-allow-origin"] == Self.ours)
        #expect(reply.headers["access-control-allow-credentials"] == "true")
        let exposed = reply.headers["access-control-expose-headers"]?.split(separator: ",") ?? []
        for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
          #expect(exposed.contains { $0 == name })
        }
        #expect(exposed.contains(method == EchoService.say ? "x-initial" : "x-detail"))
      }
    }
  }

  @Test("a foreign page's call is refused, the server's own page's is not")
  func foreign() async throws {
    for form in Loopback.WebForm.all where !form.isText {
      // "*" is no origin: there is no such setting.
      try await Loopback.run(allowedOrigins: [Self.ours, "*", "null"]) { loopback in
        for origin in ["https://evil.example.com", "null", "*", "http://127.0.0.1"] {
          let reply = try await loopback.curl(
            form, EchoService.say, [], ["origin: \(origin)"])
          #expect(reply.status == 403, "\(origin)")
          #expect(reply.headers["access-control-allow-origin"] == nil)
        }
        let own = try await loopback.curl(
          form, EchoService.say, RawFrame.message("x"),
          ["origin: http://127.0.0.1:\(loopback.port)"])
        #expect(own.messages == ["x"])
      }
    }
  }
}
