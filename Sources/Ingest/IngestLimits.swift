// SPDX-License-Identifier: Apache-2.0

/// Every number that bounds what one message or one batch may cost.
package struct IngestLimits: Sendable {
  /// Largest payload that is looked into, in bytes. Default 1 MiB: 10,000 points of 100 bytes. Beyond:
  /// the message is quarantined as `too_large`, its payload cut to this many bytes and one.
  package var maxMessageBytes = 1 << 20
  /// Most points in one message. Default 10,000: a week of one sensor at one a minute, uploaded at
  /// once. Beyond: the whole message is quarantined as `too_large`.
  package var maxPointsPerMessage = 10_000
  /// Most payload bytes that the refused points of one message may put into the quarantine. Default
  /// 1 MiB. Each quarantined point carries the whole message; when that adds up to more, only the first
  /// one does and the others carry none, so that a bad megabyte does not become ten gigabytes.
  package var maxQuarantineBytesPerMessage = 1 << 20
  /// Tenants whose transactions run at the same time. Default 4: more than the cores of a small
  /// database server, less than its connections.
  package var maxConcurrentTenants = 4
  /// Transactions that may be spent on finding what the database will not take in one tenant's batch.
  /// Default 64: two or three bad points among 5,000 are found alone; a tenant whose schema is broken
  /// costs no more than this.
  package var maxIsolationCommits = 64

  package init() {}
}
