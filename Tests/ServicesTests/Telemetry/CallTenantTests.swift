// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("The tenant of a call", .timeLimit(.minutes(5)))
struct CallTenantTests {
  private let fixture = ServiceFixture()
  private let request = TraksenseV1.LatestRequest(deviceID: "ESP32-0")

  @Test(
    "is named by metadata, by host, or by both when they agree",
    arguments: [
      ("umc", nil), ("UMC", "localhost:50051"), (nil, "umc.localhost:8000"),
      ("umc", "UMC.localhost"),
      ("umc", "traksense.internal:50051"), ("umc", "127.0.0.1:50051"),
    ] as [(String?, String?)])
  func found(slug: String?, host: String?) async throws {
    _ = try await fixture.client.latest(request, options: options(slug, host))
  }

  @Test(
    "is NOT_FOUND when nobody known is named",
    arguments: [
      ("nobody", nil), ("not a slug", nil), ("nobody", "umc.localhost"),
    ] as [(String?, String?)])
  func unknown(slug: String?, host: String?) async {
    await Expected(.notFound, "tenant").check { () async throws(RPCError) in
      try await fixture.client.latest(request, options: options(slug, host))
    }
  }

  @Test(
    "is NOT_FOUND when nobody is named and the credentials are of no tenant",
    arguments: [
      (nil, nil), (nil, "localhost"), (nil, "api"), (nil, "nobody.localhost"), (nil, "[::1]:1"),
      ("", nil),
    ] as [(String?, String?)])
  func unnamed(slug: String?, host: String?) async {
    var metadata: Metadata = ["x-api-key": ServiceFixture.key]
    if let slug { metadata.add(slug, for: "x-tenant") }
    let options = CallOptions(metadata: metadata, authority: host)
    await Expected(.notFound, "tenant").check { () async throws(RPCError) in
      try await fixture.ingest([ServiceFixture.reading()], options: options)
    }
  }

  @Test("is PERMISSION_DENIED when metadata and host name different ones")
  func disagreement() async {
    await Expected(.permissionDenied, "tenant").check { () async throws(RPCError) in
      try await fixture.client.latest(request, options: options("acme", "umc.localhost"))
    }
  }

  @Test("readings of one tenant are not seen by another")
  func isolation() async {
    await Expected(.notFound, "device_id").check { () async throws(RPCError) in
      try await fixture.client.latest(request, options: ServiceFixture.options(of: "acme"))
    }
    await Expected(.unauthenticated).check { () async throws(RPCError) in
      try await fixture.client.latest(request, options: options("acme", nil))
    }
  }

  @Test("is that of the credentials when the call names none")
  func credentials() async throws {
    _ = try await fixture.client.latest(request, options: options(nil, "localhost"))
  }

  @Test("a directory that cannot answer is UNAVAILABLE")
  func unavailable() async {
    fixture.tenants.fail(.unavailable("down"))
    await Expected(.unavailable).check { () async throws(RPCError) in
      try await fixture.client.latest(request, options: options("umc", nil))
    }
  }

  private func options(_ slug: String?, _ host: String?) -> CallOptions {
    var metadata = Metadata()
    metadata.add(ServiceFixture.keys["umc"]?.text ?? "", for: "x-api-key")
    if let slug { metadata.add(slug, for: "x-tenant") }
    return CallOptions(metadata: metadata, authority: host)
  }
}
