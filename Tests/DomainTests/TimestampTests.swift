// SPDX-License-Identifier: Apache-2.0

import Domain
import Testing

@Suite("Timestamps")
struct TimestampTests {
  @Test(
    "RFC 3339 texts are understood",
    arguments: [
      ("1970-01-01T00:00:00Z", 0),
      ("2025-01-01T12:00:00Z", 1_735_732_800_000_000),
      ("2025-01-01T12:00:00.5Z", 1_735_732_800_500_000),
      ("2025-01-01T12:00:00.123456789Z", 1_735_732_800_123_456),
      ("2025-01-01t09:00:00-03:00", 1_735_732_800_000_000),
      ("2025-01-01 13:30:00+01:30", 1_735_732_800_000_000),
      ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
      ("2000-02-29T23:59:60Z", 951_868_800_000_000),
      ("1969-12-31T23:59:59.999999Z", -1),
      ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
      ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ] as [(String, Int64)])
  func parses(text: String, microseconds: Int64) {
    #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
  }

  @Test(
    "anything else is refused",
    arguments: [
      "", "2025-01-01", "2025-01-01T12:00:00", "2025-01-01T12:00Z", "2025-1-1T12:00:00Z",
      "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-02-29T00:00:00Z",
      "1900-02-29T00:00:00Z", "2025-04-31T00:00:00Z", "2025-01-01T24:00:00Z",
      "2025-01-01T12:60:00Z", "2025-01-01T12:00:61Z", "2025-01-01T12:00:00.Z",
      "2025-01-01T12:00:00+1:00", "2025-01-01T12:00:00+24:00", "2025-01-01T12:00:00ZZ",
      "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "yesterday", "1735732800",
      "2025-01-01T12:00:00\u{0}Z", "２０２５-01-01T12:00:00Z",
    ])
  func refuses(text: String) {
    #expect(Timestamp(rfc3339: text) == nil)
  }

  @Test("what is written is read back, through 5 millennia and every fraction width")
  func roundTrip() {
    var microseconds: Int64 = -62_135_596_800_000_000
    while microseconds < 253_402_300_799_999_999 {
      for fraction: Int64 in [0, 1, 1_000, 999_999] {
        let instant = Timestamp(microseconds: microseconds + fraction)
        #expect(Timestamp(rfc3339: instant.rfc3339) == instant)
      }
      microseconds += 86_400_000_000 * 97 + 3_661_000_000
    }
    #expect(Timestamp(microseconds: 1_735_732_800_500_000).rfc3339 == "2025-01-01T12:00:00.500Z")
    #expect(Timestamp(microseconds: .max).rfc3339 == "9999-12-31T23:59:59.999999Z")
  }

  @Test("arithmetic saturates instead of trapping")
  func saturation() {
    #expect(Timestamp(microseconds: .max).advanced(by: .seconds(1)).microseconds == .max)
    #expect(Timestamp(microseconds: .min).advanced(by: .seconds(-1)).microseconds == .min)
    #expect(Timestamp(microseconds: 0).advanced(by: .seconds(Int64.max)).microseconds == .max)
    #expect(Timestamp(microseconds: .max).since(Timestamp(microseconds: .min)) == .zero)
    #expect(Timestamp(microseconds: 5).since(Timestamp(microseconds: 2)) == .microseconds(3))
  }
}
