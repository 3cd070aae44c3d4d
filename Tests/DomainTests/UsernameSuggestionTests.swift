// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Domain

@Suite("User names for people who chose none")
struct UsernameSuggestionTests {
  @Test(
    "they are made of the address, and numbered",
    arguments: [
      ("maria.silva@x.example", ["maria.silva", "maria.silva2", "maria.silva3"]),
      ("o'neil/x@x.example", ["o_neil_x", "o_neil_x2", "o_neil_x3"]),
    ])
  func names(address: String, expected: [String]) throws {
    let email = try #require(EmailAddress(address))
    #expect(Username.suggestions(for: email, count: 3).map(\.rawValue) == expected)
  }

  @Test("there is always one, whatever the address, also for a count of none")
  func never() throws {
    for address in ["!@x.example", "\(String(repeating: "a", count: 64))@x.example"] {
      let email = try #require(EmailAddress(address))
      #expect(Username.suggestions(for: email, count: 0).count == 1)
      #expect(Username.suggestions(for: email).count == 50)
    }
  }
}
