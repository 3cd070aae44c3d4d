// SPDX-License-Identifier: Apache-2.0

import Testing
import TrakSenseAPI

@Suite("google.protobuf.Timestamp", .timeLimit(.minutes(5)))
struct ProtoTimestampTests {
  @Test(
    "an instant is written as RFC 3339 and read back",
    arguments: [
      (0, 0, "1970-01-01T00:00:00Z"), (1_735_732_800, 0, "2025-01-01T12:00:00Z"),
      (1_735_732_800, 5_000_000, "2025-01-01T12:00:00.005Z"),
      (1_735_732_800, 5_000, "2025-01-01T12:00:00.000005Z"),
      (1_735_732_800, 5, "2025-01-01T12:00:00.000000005Z"),
      (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
      (951_782_400, 0, "2000-02-29T00:00:00Z"), (-2_203_891_200, 0, "1900-03-01T00:00:00Z"),
      (-62_135_596_800, 0, "0001-01-01T00:00:00Z"),
      (253_402_300_799, 999_999_999, "9999-12-31T23:59:59.999999999Z"),
    ] as [(Int64, Int32, String)])
  func text(_ seconds: Int64, _ nanos: Int32, _ expected: String) {
    let timestamp = ProtoTimestamp(seconds: seconds, nanos: nanos)
    #expect(timestamp.rfc3339 == expected)
    #expect(ProtoTimestamp(rfc3339: expected) == timestamp)
  }

  @Test("every day of 800 years survives being written and read")
  func days() {
    for day in stride(from: Int64(-146_097), through: 146_097, by: 1) {
      let timestamp = ProtoTimestamp(seconds: day * 86_400 + 1)
      #expect(ProtoTimestamp(rfc3339: timestamp.rfc3339) == timestamp)
    }
  }

  @Test(
    "other spellings are read",
    arguments: [
      ("2025-01-01T09:00:00-03:00", 1_735_732_800, 0),
      ("2025-01-01T12:00:00+00:00", 1_735_732_800, 0),
      ("2025-01-01t12:00:00z", 1_735_732_800, 0), ("2025-01-01 12:00:00Z", 1_735_732_800, 0),
      ("2025-01-01T12:00:00.1Z", 1_735_732_800, 100_000_000),
      ("2025-01-01T12:00:00.1234567899Z", 1_735_732_800, 123_456_789),
      ("2016-12-31T23:59:60Z", 1_483_228_800, 0),
    ] as [(String, Int64, Int32)])
  func spellings(_ text: String, _ seconds: Int64, _ nanos: Int32) {
    #expect(ProtoTimestamp(rfc3339: text) == ProtoTimestamp(seconds: seconds, nanos: nanos))
  }

  @Test(
    "anything else is refused",
    arguments: [
      "", "2025-01-01", "2025-01-01T12:00:00", "2025-01-01T12:00Z", "2025-13-01T00:00:00Z",
      "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2025-01-00T00:00:00Z",
      "2025-01-01T24:00:00Z",
      "2025-01-01T00:60:00Z", "2025-01-01T00:00:61Z", "2025-01-01T00:00:00.Z",
      "2025-01-01T00:00:00+3",
      "2025-01-01T00:00:00+0300", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01",
      "9999-12-31T23:59:59-00:01", "2025-01-01T00:00:00Zx", " 2025-01-01T00:00:00Z",
      "２025-01-01T00:00:00Z",
      "-025-01-01T00:00:00Z", "2025-01-01T00:00:00+24:00",
    ])
  func refused(_ text: String) {
    #expect(ProtoTimestamp(rfc3339: text) == nil)
  }

  @Test("what RFC 3339 cannot write becomes the nearest that it can")
  func clamped() {
    #expect(ProtoTimestamp(seconds: .max).rfc3339 == "9999-12-31T23:59:59Z")
    #expect(ProtoTimestamp(seconds: .min).rfc3339 == "0001-01-01T00:00:00Z")
    #expect(ProtoTimestamp(seconds: 0, nanos: -1).rfc3339 == "1970-01-01T00:00:00Z")
    #expect(ProtoTimestamp(seconds: 0, nanos: .max).rfc3339 == "1970-01-01T00:00:00.999999999Z")
  }

  @Test(
    "microseconds survive, also before 1970",
    arguments: [0, 1, -1, 999_999, -999_999, 1_000_000, -1_000_000, -1_000_001, .max, .min]
      as [Int64])
  func microseconds(_ value: Int64) {
    let timestamp = ProtoTimestamp(microseconds: value)
    #expect((0...999_999_999).contains(timestamp.nanos))
    #expect(timestamp.microseconds == value)
  }

  @Test("microseconds saturate and round down")
  func saturation() {
    #expect(ProtoTimestamp(seconds: .max).microseconds == .max)
    #expect(ProtoTimestamp(seconds: .min).microseconds == .min)
    #expect(ProtoTimestamp(seconds: .min, nanos: .min).microseconds == .min)
    #expect(ProtoTimestamp(seconds: .max, nanos: .max).microseconds == .max)
    #expect(ProtoTimestamp(seconds: 0, nanos: 1999).microseconds == 1)
    #expect(ProtoTimestamp(seconds: 0, nanos: -1).microseconds == -1)
  }
}
