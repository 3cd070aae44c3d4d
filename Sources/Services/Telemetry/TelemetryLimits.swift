// SPDX-License-Identifier: Apache-2.0

/// What one call may ask for.
package struct TelemetryLimits: Hashable, Sendable {
  /// Readings in one `Ingest`. Default 10,000, as the .proto says. Beyond: INVALID_ARGUMENT.
  package var maxIngestReadings = 10_000
  /// Field violations listed in one error. Default 100; a status must fit into a header list.
  package var maxViolations = 100
  /// Identities in one field of a filter. Default 500. Beyond: INVALID_ARGUMENT.
  package var maxFilterValues = 500
  /// Longest range of `History` in `raw`. Default 31 days.
  package var maxRawRange: Duration = .seconds(31 * 86_400)
  /// Longest range of `History` in buckets. Default five years and a bit, as old as readings get.
  package var maxBucketRange: Duration = .seconds(5 * 366 * 86_400)
  /// Points in one `History` message; the next page is read when it has been taken. Default 5,000 (about
  /// 100 KB raw).
  package var historyPage = 5_000
  /// Points that one call may keep in memory, to downsample or to list them from the end. Default 100,000
  /// (about 6 MB). Beyond: INVALID_ARGUMENT.
  package var maxKeptPoints = 100_000
  /// Calls that may do so at the same time. Default 4: more would only wait for connections to the database.
  package var maxKeepingCalls = 4
  /// Calls that may wait for it. Default 100. Beyond: RESOURCE_EXHAUSTED.
  package var maxWaitingCalls = 100
  /// Sensors that one list may be about. Default 1,000. Beyond: INVALID_ARGUMENT.
  package var maxQuestionedSensors = 1_000
  /// Series in one message of `Subscribe`; more follow in further messages. Default 10,000 (about 1 MB).
  package var maxSeriesPerMessage = 10_000
  /// What callers are told to wait after a transient failure. Default 2 s.
  package var retryAfter: Duration = .seconds(2)

  package init() {}
}
