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

  @Test("public hosts name no tenant, whatever their port")
  func publicHosts() {
    let hosts: Set = ["app.example.com"]
    #expect(TenantHost(authority: "App.example.com:443", publicHosts: hosts) == nil)
    #expect(TenantHost(authority: "umc.app.example.com", publicHosts: hosts) != nil)
  }
}
