// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import RPCRuntime
import Synchronization
import TestSupport
import Testing

@testable import RESTBridge

@Suite("Pictures", .timeLimit(.minutes(5)))
struct AvatarTests {
  /// Bytes in which every value, line breaks and dashes come.
  static func picture(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
  }

  /// Uploads bytes as a file with curl.
  private static func upload(
    _ bytes: [UInt8], to bridge: BridgeFixture, field: String = "avatar",
    path: String = "/auth/avatar/", _ more: String...
  ) async throws -> Curl.Answer {
    let folder = try TemporaryDirectory()
    let file = folder.url.appending(path: "picture.png")
    try Data(bytes).write(to: file)
    return try await Curl.run(
      more + [
        "-H", "Host: umc.localhost", "-F", "\(field)=@\(file.path);filename=me.png",
        "http://127.0.0.1:\(bridge.port)\(path)",
      ])
  }

  @Test(
    "a picture reaches the service in parts of 64 KiB, byte for byte",
    arguments: [1, 65_535, 65_536, 65_537, 300_000, 5 << 20])
  func uploads(count: Int) async throws {
    try await BridgeFixture.run { bridge in
      let bytes = Self.picture(count)
      let path = count.isMultiple(of: 2) ? "/auth/avatar/" : "/api/users/me/avatar"
      let answer = try await Self.upload(
        bytes, to: bridge, path: path, "-F", "note=hello", "-H", "Authorization: Bearer h.t")
      #expect(answer.status == 200, "\(answer.body)")
      #expect(answer.json["avatar"] as? String == "https://umc.localhost/media/a")
      #expect(bridge.accounts.account.picture.withLock { $0 == bytes })
      let sizes = bridge.accounts.account.uploads.withLock { $0 }
      let whole = Array(repeating: 65_536, count: count / 65_536)
      #expect(sizes == [whole + (count % 65_536 == 0 ? [] : [count % 65_536])])
      #expect(bridge.accounts.last?.metadata["authorization"] == "Bearer h.t")
      #expect(bridge.accounts.last?.peer == "127.0.0.1")
    }
  }

  @Test("a picture that is too large is 400 naming avatar, whether or not its length was told")
  func tooLarge() async throws {
    var configuration = RESTBridgeConfiguration()
    configuration.limits.maxAvatarBytes = 200_000
    configuration.limits.maxAvatarEnvelopeBytes = 1_000
    try await BridgeFixture.run(configuration: configuration) { bridge in
      #expect(try await Self.upload(Self.picture(200_000), to: bridge).status == 200)
      for count in [200_001, 200_900, 300_000] {
        for header in ["X: y", "Transfer-Encoding: chunked"] {
          let answer = try await Self.upload(
            Self.picture(count), to: bridge, "-H", header, "-H", "Expect:")
          #expect(answer.status == 400, "\(count) \(header) \(answer.body)")
          #expect(
            answer.problems("avatar") == ["The file may not be larger than 200000 bytes."],
            "\(answer.body)")
        }
      }
      let around = try await Self.upload(
        Self.picture(100), to: bridge, "-H", "Transfer-Encoding: chunked", "-F",
        "note=\(String(repeating: "x", count: 60_000))", "-F",
        "more=\(String(repeating: "x", count: 120_000))", "-F",
        "most=\(String(repeating: "x", count: 60_000))")
      #expect(around.status == 400 && around.problems("avatar").count == 1)
      #expect(bridge.accounts.account.uploads.withLock { $0.count } == 1)
    }
  }

  @Test("a form without a picture is 400 naming avatar")
  func missing() async throws {
    try await BridgeFixture.run { bridge in
      let none = try await bridge.curl("-F", "other=x", path: "/auth/avatar/")
      #expect(none.status == 400 && none.body == #"{"avatar":["No file was submitted."]}"#)
      let other = try await Self.upload([1], to: bridge, field: "picture")
      #expect(other.problems("avatar") == ["No file was submitted."])
      let text = try await bridge.curl("-F", "avatar=x", path: "/auth/avatar/")
      #expect(text.status == 400)
      #expect(text.problems("avatar") == ["The submitted data was not a file."])
      let empty = try await Self.upload([], to: bridge)
      #expect(empty.problems("avatar") == ["The submitted file is empty."])
      let two = try await Self.upload(
        [1], to: bridge, "-F", "avatar=@/dev/null;filename=second.png")
      #expect(two.problems("avatar") == ["Only one file may be submitted."])
      let refused = try await Self.upload(Array("no picture".utf8), to: bridge)
      #expect(refused.status == 400 && refused.problems("avatar") == ["Not a picture."])
      #expect(bridge.accounts.account.uploads.withLock { $0 } == [])
    }
  }

  @Test("who may not upload hears that first, even before the body has come")
  func unauthenticated() async throws {
    try await BridgeFixture.run { bridge in
      bridge.accounts.fail(with: RPCError(.unauthenticated, "Sign in."))
      for bytes in [[], Self.picture(10), Self.picture(4 << 20)] {
        let answer = try await Self.upload(bytes, to: bridge)
        #expect(answer.status == 401 && answer.detail == "Sign in.", "\(bytes.count)")
      }
      let none = try await bridge.curl("-F", "other=x", path: "/auth/avatar/")
      #expect(none.status == 401)
    }
  }

  @Test("what is no form is 415, what is a broken one 400")
  func notAForm() async throws {
    try await BridgeFixture.run { bridge in
      for type in ["application/json", "multipart/form-data", "multipart/mixed; boundary=B"] {
        let answer = try await bridge.curl(
          "-H", "Content-Type: \(type)", "-d", "{}", path: "/auth/avatar/")
        #expect(answer.status == 415, "\(answer.body)")
        #expect(answer.detail == "Unsupported media type \"\(type)\" in request.")
      }
      for body in ["", "--B", "--B\r\nX\r\n\r\n--B--"] {
        let answer = try await bridge.curl(
          "-H", "Content-Type: multipart/form-data; boundary=B", "--data-binary", body,
          path: "/auth/avatar/")
        #expect(answer.status == 400)
        #expect(answer.detail?.hasPrefix("Multipart form parse error - ") == true, "\(answer.body)")
      }
    }
  }

  @Test("half a picture is never taken for a whole one")
  func brokenOff() async throws {
    try await BridgeFixture.run { bridge in
      let head =
        "--B\r\nContent-Disposition: form-data; name=avatar; filename=a\r\n\r\n"
        + String(repeating: "x", count: 150_000)
      // The body ends without its boundary.
      let refused = try await RawConnection.open(port: bridge.port) { connection in
        try await connection.request(
          "POST /auth/avatar/", "Content-Type: multipart/form-data; boundary=B",
          "Content-Length: \(head.utf8.count)")
        try await connection.send(head)
        try await connection.read(until: "\r\n\r\n{")
        return connection.received
      }
      #expect(refused.hasPrefix("HTTP/1.1 400 "), "\(refused)")
      // The connection ends before the body.
      try await RawConnection.open(port: bridge.port) { connection in
        try await connection.request(
          "POST /auth/avatar/", "Content-Type: multipart/form-data; boundary=B",
          "Content-Length: 1000000")
        try await connection.send(head)
        try await eventually("the call began") { bridge.accounts.callCount == 2 }
        connection.close()
      }
      try await eventually("both calls were cancelled") {
        bridge.accounts.account.broken.withLock { $0 } == 2
      }
      #expect(bridge.accounts.account.uploads.withLock { $0 } == [])
    }
  }

  @Test("a picture that does not come in time is 408")
  func slow() async throws {
    var configuration = RESTBridgeConfiguration()
    configuration.limits.avatarTimeout = .milliseconds(200)
    configuration.limits.callTimeout = .milliseconds(100)
    try await BridgeFixture.run(configuration: configuration) { bridge in
      let reply = try await RawConnection.open(port: bridge.port) { connection in
        try await connection.request(
          "POST /auth/avatar/", "Content-Type: multipart/form-data; boundary=B",
          "Content-Length: 1000")
        try await connection.send("--B\r\n")
        await connection.readToEnd()
        return connection.received
      }
      #expect(reply.hasPrefix("HTTP/1.1 408 "), "\(reply)")
    }
  }

  @Test("a foreign page cannot make a browser upload")
  func crossSite() async throws {
    try await BridgeFixture.run { bridge in
      let cookie = ["-H", "Cookie: access_token=c.t"]
      let foreign = try await Self.upload(
        [1], to: bridge, cookie[0], cookie[1], "-H", "Origin: https://evil.example")
      #expect(foreign.status == 403 && bridge.accounts.callCount == 0)
      let own = try await Self.upload(
        [1], to: bridge, cookie[0], cookie[1], "-H", "Origin: http://umc.localhost")
      #expect(own.status == 200)
    }
  }
}

@Suite("Media", .timeLimit(.minutes(5)))
struct MediaTests {
  private static let path = "/media/avatars/1/a%20b.svg?expires=99&signature=s%2B%2F%3D"

  @Test("a file is sent with its type and size, and nothing in it may run")
  func file() async throws {
    try await BridgeFixture.run { bridge in
      for prefix in ["", "/api"] {
        let answer = try await bridge.curl(path: prefix + Self.path)
        #expect(answer.status == 200 && answer.exit == 0)
        #expect(answer.headers["content-type"] == "image/svg+xml")
        #expect(answer.headers["content-length"] == "100005")
        #expect(answer.body.utf8.count == 100_005 && answer.body.hasPrefix("<svg>"))
        #expect(answer.headers["cache-control"] == "private, max-age=3600")
        #expect(
          answer.headers["content-security-policy"]
            == "default-src 'none'; sandbox; frame-ancestors 'none'")
        #expect(answer.headers["x-content-type-options"] == "nosniff")
      }
      let head = try await bridge.curl("-I", path: Self.path)
      #expect(head.status == 200 && head.headers["content-length"] == "100005")
      #expect(!head.body.contains("<svg>") && head.exit == 0)
    }
  }

  @Test("without a signature, or with a wrong one, there is nothing")
  func refused() async throws {
    try await BridgeFixture.run { bridge in
      for path in [
        "/media/avatars/1/a%20b.svg", "/media/avatars/1/a%20b.svg?expires=98&signature=s%2B%2F%3D",
        "/media/avatars/1/b.svg?expires=99&signature=s%2B%2F%3D", "/media/", "/media/a//b",
      ] {
        let answer = try await bridge.curl("--path-as-is", path: path)
        #expect(answer.status == 404 && answer.detail == "Not found.", "\(path)")
      }
      let unknown = try await bridge.curl(path: Self.path + "&x=1")
      #expect(unknown.status == 400 && unknown.problems("x") == ["Unknown parameter."])
      #expect(try await bridge.send("POST", Self.path).status == 405)
    }
  }

  @Test("a file that ends early breaks the connection")
  func incomplete() async throws {
    try await BridgeFixture.run { bridge in
      bridge.accounts.media.surplus.withLock { $0 = 1 }
      let answer = try await bridge.curl(path: Self.path)
      #expect(answer.status == 200 && answer.exit != 0)
    }
  }
}
