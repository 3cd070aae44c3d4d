// SPDX-License-Identifier: Apache-2.0

import RPCRuntime
import Testing
import TrakSenseAPI

@Suite("A tenant's channel", .timeLimit(.minutes(5)))
struct TenantChannelTests {
  /// Answers with the metadata it got, sorted.
  private struct Mirror: RPCService {
    private static func answer(_ context: ServerContext) -> MessageFrame {
      let entries = context.metadata.entries.map { "\($0.key): \($0.value)" }.sorted()
      return TraksenseV1.LatestResponse(deviceID: entries.joined(separator: ", ")).frame()
    }

    var handlers: [RPCHandler] {
      [
        RPCHandler(unary: TraksenseV1.TelemetryServiceMethods.latest) {
          _, context async throws(RPCError) in Self.answer(context)
        },
        RPCHandler(serverStreaming: TraksenseV1.TelemetryServiceMethods.history) {
          _, writer, context async throws(RPCError) in
          try await writer.write(Self.answer(context))
        },
      ]
    }
  }

  private let mirror = InProcessChannel(router: RPCRouter([Mirror()]))

  /// What a call of each shape sends.
  private func sent(
    _ credential: TenantChannel.Credential, _ metadata: Metadata = Metadata()
  ) async throws -> [String] {
    let channel = TenantChannel(mirror, tenant: "umc", credential: credential)
    let options = CallOptions(metadata: metadata)
    let request = TraksenseV1.LatestRequest().frame()
    var texts: [String] = []
    let unary = try await channel.unary(
      TraksenseV1.TelemetryServiceMethods.latest, request, options: options)
    texts.append(try TraksenseV1.LatestResponse(serialized: unary.message).deviceID)
    let stream = try await channel.serverStreaming(
      TraksenseV1.TelemetryServiceMethods.history, request, options: options)
    for try await message in stream {
      texts.append(try TraksenseV1.LatestResponse(serialized: message).deviceID)
    }
    let call = try await channel.open(TraksenseV1.TelemetryServiceMethods.latest, options: options)
    try await call.requests.write(request)
    await call.requests.finish()
    for try await message in call.responses {
      texts.append(try TraksenseV1.LatestResponse(serialized: message).deviceID)
    }
    return texts
  }

  @Test("calls of every shape name the tenant and show the credential")
  func introduced() async throws {
    #expect(
      try await sent(.apiKey("k")) == Array(repeating: "x-api-key: k, x-tenant: umc", count: 3))
    #expect(
      try await sent(.bearer("t"))
        == Array(repeating: "authorization: Bearer t, x-tenant: umc", count: 3))
    #expect(try await sent(.nothing) == Array(repeating: "x-tenant: umc", count: 3))
  }

  @Test("what one call says itself wins, and its credential stands alone")
  func overridden() async throws {
    #expect(
      try await sent(.apiKey("k"), ["x-tenant": "acme", "x-extra": "1"]).first
        == "x-api-key: k, x-extra: 1, x-tenant: acme")
    for (key, value) in [
      ("x-api-key", "own"), ("x-device-token", "own"), ("authorization", "Bearer own"),
    ] {
      var metadata = Metadata()
      metadata.add(value, for: key)
      let all = try await sent(.apiKey("k"), metadata)
      #expect(Set(all) == [["\(key): \(value)", "x-tenant: umc"].sorted().joined(separator: ", ")])
    }
  }

  @Test("credentials are not printed")
  func redacted() {
    for credential in [TenantChannel.Credential.apiKey("s3cret"), .bearer("s3cret")] {
      let channel = TenantChannel(mirror, tenant: "umc", credential: credential)
      for text in ["\(credential)", "\(channel)", String(reflecting: credential)] {
        #expect(!text.contains("s3cret"))
        #expect(text.contains("redacted"))
      }
    }
    #expect("\(TenantChannel.Credential.nothing)" == "nothing")
  }
}
