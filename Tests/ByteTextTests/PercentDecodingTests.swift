// SPDX-License-Identifier: Apache-2.0
import ByteText
import Testing

@Suite("Percent-encoding and hexadecimal digits")
struct PercentDecodingTests {
  @Test(
    "percent-encoding is resolved, and what is broken is refused",
    arguments: [
      ("a%20b", "a b"), ("%C2%B0C", "°C"), ("a+b", "a+b"), ("", ""), ("%", nil), ("%4", nil),
      ("%zz", nil), ("%ff", nil), ("%00", nil), ("%0a", nil), ("%7f", nil),
    ] as [(String, String?)])
  func percent(text: String, decoded: String?) {
    #expect(PercentDecoding.decode(Substring(text)) == decoded)
    let form = decoded.map { text.contains("+") ? "a b" : $0 }
    #expect(PercentDecoding.decode(Substring(text), plusIsSpace: true) == form)
  }

  @Test("as bytes, anything may come of it that has two digits")
  func bytes() {
    #expect(PercentDecoding.bytes("a%0a%fF") == [0x61, 0x0a, 0xff])
    #expect(PercentDecoding.bytes("%0") == nil)
  }

  @Test("every byte has two digits, and each digit its value in either case")
  func hexadecimal() {
    for byte in UInt8.min ... .max {
      let text = Hexadecimal.encode([byte])
      #expect(UInt8(text, radix: 16) == byte && text.utf8.count == 2)
      let character = Character(Unicode.Scalar(byte))
      let value = character.isASCII ? character.hexDigitValue : nil
      #expect(Hexadecimal.value(byte).map(Int.init) == value)
    }
  }
}
