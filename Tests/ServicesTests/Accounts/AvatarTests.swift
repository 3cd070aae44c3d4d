// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("Pictures", .timeLimit(.minutes(5)))
struct AvatarTests {
  private func upload(
    _ fixture: AccountFixture, _ parts: [[UInt8]], _ options: CallOptions
  ) async throws(RPCError) -> TraksenseV1.AvatarResponse {
    try await fixture.account.uploadAvatar(options: options) { writer async throws(RPCError) in
      for part in parts { try await writer.write(.init(data: part)) }
    }
  }

  /// The parameters of a signed URL.
  private func request(_ url: String) throws -> TraksenseV1.FetchMediaRequest {
    let path = try #require(url.split(separator: "/media/", maxSplits: 1).last)
    let parts = path.split(separator: "?")
    let query = parts[1].split(separator: "&").map { $0.split(separator: "=")[1] }
    return TraksenseV1.FetchMediaRequest(
      key: String(parts[0]), expires: String(query[0]), signature: String(query[1]))
  }

  private func fetch(
    _ fixture: AccountFixture, _ request: TraksenseV1.FetchMediaRequest
  ) async throws(RPCError) -> (type: String, size: UInt32, bytes: [UInt8]) {
    var (type, size, bytes) = ("", UInt32(0), [UInt8]())
    for try await message in try await fixture.media.fetch(request) {
      if bytes.isEmpty { (type, size) = (message.contentType, message.size) }
      bytes += message.data
    }
    return (type, size, bytes)
  }

  @Test("are stored under a new name, the old one is deleted, and the signed URL serves them")
  func flow() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("viewer")
    let first = try await upload(fixture, [Array("P1".utf8)], options)
    let old = fixture.objects.keys
    #expect(old.count == 1 && first.avatar == first.user?.avatar)
    let picture = Array("P".utf8) + [UInt8](repeating: 7, count: 200_000)
    let second = try await upload(
      fixture, [Array(picture.prefix(100_000)), Array(picture.dropFirst(100_000))], options)
    #expect(fixture.objects.keys.count == 1 && fixture.objects.keys.isDisjoint(with: old))
    let url = try #require(second.avatar?.value)
    #expect(url.hasPrefix("https://umc.localhost/media/avatars/"))
    let file = try await fetch(fixture, try request(url))
    #expect(file.type == "image/png" && file.size == 200_001 && file.bytes == picture)
    let over = try request(url)
    let gone = try await fixture.account.deleteAvatar(.init(), options: options)
    #expect(gone.avatar == nil && gone.user?.avatar == nil && fixture.objects.keys.isEmpty)
    await Expected(.notFound, "key").check { () async throws(RPCError) in
      try await fetch(fixture, over)
    }
  }

  @Test("a signature counts for its key and its hour only")
  func signature() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("viewer")
    let url = try #require(
      try await upload(fixture, [Array("P1".utf8)], options).avatar?.value)
    let good = try request(url)
    var changed: [TraksenseV1.FetchMediaRequest] = []
    for field in [\TraksenseV1.FetchMediaRequest.key, \.expires, \.signature] {
      for text in ["", "0", "../x", good[keyPath: field] + "0"] {
        var request = good
        request[keyPath: field] = text
        changed.append(request)
      }
    }
    for request in changed {
      await Expected(.notFound, "key").check { () async throws(RPCError) in
        try await fetch(fixture, request)
      }
    }
    fixture.clock.advance(by: .seconds(3_599))
    _ = try await fetch(fixture, good)
    fixture.clock.advance(by: .seconds(1))
    await Expected(.notFound, "key").check { () async throws(RPCError) in
      try await fetch(fixture, good)
    }
  }

  @Test("are counted while they come", arguments: [(10, true), (11, false)])
  func limit(bytes: Int, isTaken: Bool) async throws {
    let fixture = try await AccountFixture { $0.maxAvatarBytes = 10 }
    let options = try await fixture.options("viewer")
    let parts = [Array("P".utf8)] + (1..<bytes).map { _ in [UInt8(0)] }
    do throws(RPCError) {
      _ = try await upload(fixture, parts, options)
      #expect(isTaken)
    } catch {
      #expect(!isTaken && error.code == .invalidArgument && error.fields == ["avatar"])
      #expect(fixture.objects.keys.isEmpty)
    }
  }

  @Test("that are none are refused, and a store that fails changes nothing")
  func refused() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("viewer")
    for parts in [[], [[]], [Array("x".utf8)]] as [[[UInt8]]] {
      await Expected(.invalidArgument, "avatar").check { () async throws(RPCError) in
        try await upload(fixture, parts, options)
      }
    }
    await Expected(.unavailable).check { () async throws(RPCError) in
      try await upload(fixture, [Array("B".utf8)], options)
    }
    fixture.objects.fail(.transient("secret"))
    let error = await refusal { () async throws(RPCError) in
      try await upload(fixture, [Array("P".utf8)], options)
    }
    #expect(error.code == .unavailable && !error.message.contains("secret"))
    #expect(fixture.user("viewer")?.avatar == nil)
  }
}
