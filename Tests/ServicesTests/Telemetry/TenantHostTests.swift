// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Services

@Suite("Tenant hosts")
struct TenantHostTests {
  @Test(
    "host without port, in lower case",
    arguments: [
      ("umc.localhost", "umc.localhost"), ("UMC.localhost:8000", "umc.localhost"),
      ("acme.example.com:443", "acme.example.com"), ("10a.example", "10a.example"),
    ])
  func named(authority: String, name: String) {
    #expect(TenantHost(authority: authority)?.name == name)
  }

  @Test(
    "hosts that name no tenant",
    arguments: [
      "", ":80", "localhost", "LOCALHOST:50051", "api", "api:8000", "127.0.0.1", "10.0.0.1:50051",
      "[::1]", "[::1]:50051",
    ])
  func nameless(authority: String) {
    #expect(TenantHost(authority: authority) == nil)
  }
}
