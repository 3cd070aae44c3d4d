// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RPCRuntime

@Suite("grpc-message")
struct PercentEncodingTests {
  @Test(
    "encodes as the specification's examples do",
    arguments: [
      ("plain text, with: punctuation!", "plain text, with: punctuation!"),
      ("100%", "100%25"), ("a\nb", "a%0Ab"), ("°C", "%C2%B0C"), ("\u{7F}", "%7F"), ("", ""),
    ])
  func encodes(text: String, encoded: String) {
    #expect(PercentEncoding.encode(text) == encoded)
    #expect(PercentEncoding.decode(encoded) == text)
  }

  @Test("broken escapes survive", arguments: ["%", "%4", "%zz", "50%", "%%41"])
  func broken(text: String) {
    #expect(PercentEncoding.decode(text) == (text == "%%41" ? "%A" : text))
  }
}
