// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import RPCRuntime
import Testing
import TrakSenseAPI

@testable import RESTBridge

struct ParsingTests {
  @Test(
    "Unix time is seconds or milliseconds by its size",
    arguments: [
      (0.0, "1970-01-01T00:00:00Z"), (1_735_732_800, "2025-01-01T12:00:00Z"),
      (1_735_732_800.25, "2025-01-01T12:00:00.250Z"),
      (1_735_732_800_250, "2025-01-01T12:00:00.250Z"), (-1, "1969-12-31T23:59:59Z"),
      (99_999_999_999, "5138-11-16T09:46:39Z"), (100_000_000_000, "1973-03-03T09:46:40Z"),
      (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ])
  func unixTime(number: Double, time: String) {
    #expect(UnixTime.timestamp(number)?.rfc3339 == time)
  }

  @Test(
    "what is neither seconds nor milliseconds is refused",
    arguments: [
      253_402_300_800_000, -1e15, 1e300, .infinity, .nan,
    ])
  func notUnixTime(number: Double) {
    #expect(UnixTime.timestamp(number) == nil)
  }

  @Test("every status has its HTTP status, and only passing failures say when to come back")
  func statuses() {
    let expected: [StatusCode: Int] = [
      .cancelled: 503, .unknown: 500, .invalidArgument: 400, .deadlineExceeded: 503,
      .notFound: 404, .alreadyExists: 409, .permissionDenied: 403, .resourceExhausted: 429,
      .failedPrecondition: 409, .aborted: 409, .outOfRange: 400, .unimplemented: 501,
      .internalError: 500, .unavailable: 503, .dataLoss: 500, .unauthenticated: 401,
    ]
    for code in StatusCode.allCases where code != .ok {
      let error = RESTError(RPCError(code, "secret"))
      #expect(error.status.code == expected[code])
      #expect((error.retryAfter != nil) == [429, 503].contains(error.status.code))
      if error.status.code == 500 { #expect(error.body == .detail("internal error")) }
    }
  }

  @Test("positions of a call become positions of the body")
  func positions() {
    #expect(IngestRoute.field("readings[1].unit", .batch, [3, 5]) == "readings[5].unit")
    #expect(IngestRoute.field("readings[0].unit", .single, [0]) == "unit")
    #expect(IngestRoute.field("readings[2].unit", .batch, [3, 5]) == "readings[2].unit")
    #expect(IngestRoute.field("readings[", .batch, [3]) == "readings[")
    #expect(IngestRoute.field("tenant", .single, [0]) == "tenant")
  }

  @Test("a body cut at any byte is refused and never crashes")
  func truncatedBody() throws {
    let body = Array(
      #"{"readings":[{"device_id":"d","sensor_id":"\u00b0","value":1.5e3,"unit":"","timestamp":1}]}"#
        .utf8)
    #expect(try IngestBody(parsing: body).readings.count == 1)
    for end in 0..<body.count {
      #expect(throws: RESTError.self) { try IngestBody(parsing: Array(body[..<end])) }
    }
  }
}
