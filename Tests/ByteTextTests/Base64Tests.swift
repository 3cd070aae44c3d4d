// SPDX-License-Identifier: Apache-2.0
import ByteText
import Testing

@Suite("Base64")
struct Base64Tests {
  @Test("is written and read, with padding and without (RFC 4648 §10)")
  func vectors() {
    for (text, padded) in [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ] {
      let unpadded = padded.filter { $0 != "=" }
      #expect(Base64.text(text.utf8) == padded)
      #expect(Base64.text(text.utf8, as: .unpadded) == unpadded)
      #expect(Base64.decode(padded.utf8) == Array(text.utf8))
      #expect(Base64.decode(unpadded.utf8) == Array(text.utf8))
    }
    #expect(Base64.text([0xfb, 0xff]) == "+/8=")
    #expect(Base64.text([0xfb, 0xff], as: .url) == "-_8")
  }

  @Test(
    "what is not base64 is refused",
    arguments: [
      "A", "A=", "A===", "AA=A", "=", "====", "AAA==", "AA===", "A-", "AA\n", "Zm9vA", "AA=", "é",
    ])
  func refused(text: String) {
    #expect(Base64.decode(text.utf8) == nil)
  }

  @Test("the digits of URLs are read where either alphabet is, and only there")
  func alphabets() {
    #expect(Base64.decode("-_8".utf8) == nil)
    #expect(Base64.decode("-_8".utf8, in: .either) == [0xfb, 0xff])
    #expect(Base64.decode("+/8=".utf8, in: .either) == [0xfb, 0xff])
  }

  @Test("every length comes back in every form, and exactly so in its own alone")
  func lengths() {
    var generator = SystemRandomNumberGenerator()
    for count in 0...70 {
      let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      for form in [Base64.Form.standard, .unpadded, .url] {
        let text = Base64.text(bytes, as: form)
        #expect(Base64.decode(text.utf8, in: .either) == bytes)
        #expect(Base64.decode(exactly: text, as: form) == bytes)
      }
    }
  }

  @Test("where a text has one form, every other spelling of the same bytes is refused")
  func exact() {
    for text in ["A", "-_9", "-_8=", "+/8", "AA A", "AAAAA", "é", "A\n"] {
      #expect(Base64.decode(exactly: text, as: .url) == nil, "\(text)")
    }
    for text in ["-_8=", "+/8", "+/9=", "=", "====", "A===", "+/8=\n"] {
      #expect(Base64.decode(exactly: text, as: .standard) == nil, "\(text)")
    }
  }
}
