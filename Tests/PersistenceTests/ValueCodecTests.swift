// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("Values in binary", .timeLimit(.minutes(5)))
struct ValueCodecTests {
  @Test("scalars come back from the server as they were sent")
  func scalars() async throws {
    try await withDatabase(migrated: false) { database throws in
      for value in [Int64.min, -1, 0, 1, .max] {
        #expect(
          try await echo(.int8(value), database) { row throws(PostgresError) in try row.int8(0) }
            == value)
      }
      for value in [Int32.min, -1, 0, .max] {
        #expect(
          try await echo(.int4(value), database) { row throws(PostgresError) in try row.int4(0) }
            == value)
      }
      for value in [
        0, -0.0, 0.1, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity, -.infinity,
      ] {
        let answer = try await echo(.float8(value), database) { row throws(PostgresError) in
          try row.float8(0)
        }
        #expect(answer?.bitPattern == value.bitPattern)
      }
      let nan = try await echo(.float8(.nan), database) { row throws(PostgresError) in
        try row.float8(0)
      }
      #expect(nan?.isNaN == true)
      for value in [true, false] {
        #expect(
          try await echo(.bool(value), database) { row throws(PostgresError) in try row.bool(0) }
            == value)
      }
      for value in ["", "a", "°C", "日本語 🌡️", String(repeating: "x", count: 100_000)] {
        #expect(
          try await echo(.text(value), database) { row throws(PostgresError) in try row.text(0) }
            == value)
      }
      let bytes = (0...255).map(UInt8.init)
      for value in [[], bytes] {
        #expect(
          try await echo(.bytea(value), database) { row throws(PostgresError) in try row.bytea(0) }
            == value)
      }
    }
  }

  @Test("instants keep their microseconds; those beyond PostgreSQL's range become infinite")
  func timestamps() async throws {
    try await withDatabase(migrated: false) { database throws in
      for microseconds in [
        0, 1, -1, 946_684_800_000_000, 1_749_988_800_123_456, -62_135_596_800_000_000,
      ] {
        let value = Timestamp(microseconds: Int64(microseconds))
        #expect(
          try await echo(.timestamptz(value), database) { row throws(PostgresError) in
            try row.timestamptz(0)
          } == value)
      }
      for microseconds in [Int64.min, .max] {
        let value = Timestamp(microseconds: microseconds)
        #expect(
          try await echo(.timestamptz(value), database) { row throws(PostgresError) in
            try row.timestamptz(0)
          } == value)
      }
      // The server's own reading of what was sent.
      let text = try await text("SELECT $1::text", [.timestamptz(noon)], database)
      #expect(text == "2025-06-15 12:00:00+00")
      let first = try await self.text(
        "SELECT $1::text", [.timestamptz(Timestamp(microseconds: .min))], database)
      #expect(first == "-infinity")
    }
  }

  @Test("arrays come back element by element, empty ones too")
  func arrays() async throws {
    try await withDatabase(migrated: false) { database throws in
      for values in [[], [Int64.min, 0, .max], (0..<5_000).map(Int64.init)] {
        #expect(
          try await echo(.int8Array(values), database) { row throws(PostgresError) in
            try row.int8Array(0)
          } == values)
      }
      let floats = [0.5, -.infinity, .greatestFiniteMagnitude]
      #expect(
        try await echo(.float8Array(floats), database) { row throws(PostgresError) in
          try row.float8Array(0)
        } == floats)
      let times = [Timestamp(microseconds: .min), noon, Timestamp(microseconds: .max)]
      #expect(
        try await echo(.timestamptzArray(times), database) { row throws(PostgresError) in
          try row.timestamptzArray(0)
        } == times)
      let texts = ["", "NULL", "{\"a\",b}", "°C", "\\"]
      #expect(
        try await echo(.textArray(texts), database) { row throws(PostgresError) in
          try row.textArray(0)
        } == texts)
      #expect(
        try await echo(.int4Array([.min, .max]), database) { row throws(PostgresError) in
          try row.int4Array(0)
        } == [.min, .max])
      let blobs: [[UInt8]] = [[], [0, 255], [1]]
      #expect(
        try await echo(.byteaArray(blobs), database) { row throws(PostgresError) in
          try row.byteaArray(0)
        } == blobs)
    }
  }

  @Test("a null is not an empty value")
  func nulls() async throws {
    try await withDatabase(migrated: false) { database throws in
      for type in PostgresType.allCases where type != .varchar {
        let command = Command("SELECT $1 IS NULL", [.null(type)])
        let answers = try await database.pool.run { connection throws(PostgresError) in
          try connection.rows(command) { (row: borrowing PostgresRow) throws(PostgresError) in
            try row.bool(0)
          }
        }
        #expect(answers == [true])
      }
    }
  }

  @Test("U+0000, which PostgreSQL's text cannot hold, is sent as U+FFFD")
  func zeroCharacter() async throws {
    try await withDatabase(migrated: false) { database throws in
      #expect(try await text("SELECT $1", [.text("a\0b")], database) == "a\u{FFFD}b")
      #expect(try await text("SELECT $1[1]", [.textArray(["\0"])], database) == "\u{FFFD}")
    }
  }

  @Test("a column of another type than expected is an error, not a guess")
  func wrongType() async throws {
    try await withDatabase(migrated: false) { database throws in
      await #expect(throws: StoreError.self) {
        try await database.integer("SELECT 1::integer")
      }
    }
  }

  @Test(
    "identifiers are quoted so that they stay names",
    arguments: [
      ("plain", "\"plain\""), ("Upper Case", "\"Upper Case\""), ("a\"b", "\"a\"\"b\""),
      ("x\"; DROP TABLE y; --", "\"x\"\"; DROP TABLE y; --\""),
    ])
  func identifiers(name: String, quoted: String) {
    #expect(PostgresIdentifier(name)?.quoted == quoted)
  }

  @Test("identifiers end at 63 bytes and hold no U+0000")
  func identifierLimits() {
    #expect(PostgresIdentifier("") == nil)
    #expect(PostgresIdentifier(String(repeating: "x", count: 62)) != nil)
    #expect(PostgresIdentifier(String(repeating: "x", count: 63)) != nil)
    #expect(PostgresIdentifier(String(repeating: "x", count: 64)) == nil)
    #expect(PostgresIdentifier("a\0") == nil)
    #expect(PostgresIdentifier.literal("it's") == "'it''s'")
  }

  private func echo<Value: Sendable>(
    _ value: PostgresValue, _ database: TestDatabase,
    _ decode: @escaping @Sendable (borrowing PostgresRow) throws(PostgresError) -> Value
  ) async throws -> Value? {
    try await database.pool.run { connection throws(PostgresError) in
      try connection.rows(Command("SELECT $1", [value]), decode)
    }.first
  }

  private func text(
    _ sql: String, _ values: [PostgresValue], _ database: TestDatabase
  ) async throws -> String? {
    try await database.pool.run { connection throws(PostgresError) in
      try connection.rows(Command(sql, values)) {
        (row: borrowing PostgresRow) throws(PostgresError) in try row.text(0)
      }
    }.first
  }
}
