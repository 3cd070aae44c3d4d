// SPDX-License-Identifier: Apache-2.0

import Domain
import Testing

@Suite("An object's key")
struct ObjectKeyTests {
  @Test(
    "is made of plain parts",
    arguments: [
      "a", "avatars/7d444840-9dc0-11d1-b245-5ffdce74fad2.png", "a/b/c", ".a", "a.", "a_-b", "0",
      String(repeating: "k", count: 200),
    ])
  func accepted(text: String) {
    #expect(ObjectKey(text)?.rawValue == text)
  }

  @Test(
    "is nothing else",
    arguments: [
      "", "/", "/a", "a/", "a//b", "..", "../a", "a/..", "a/../b", "a..b", ".", "./a", "a/./b", "A",
      "a b", "a\\b", "a%2fb", "a+b", "ä", "a\0", "a\n", "~a", String(repeating: "k", count: 201),
    ])
  func refused(text: String) {
    #expect(ObjectKey(text) == nil)
  }
}
