// SPDX-License-Identifier: Apache-2.0

/// What live streams may cost. Every number has its unit in its name or comment.
package struct LiveLimits: Hashable, Sendable {
  /// Entries that one view keeps for slow readers. Default 1,024: at one batch every 20 ms a reader may
  /// be 20 s behind. Beyond: the reader's policy applies.
  package var maxViewEntries = 1_024
  /// Bytes that one view keeps, counted as allocated. Default 4 MiB, one largest message. The newest
  /// entry stays whatever its size.
  package var maxViewBytes = 4 << 20
  /// Bytes that all views of one tenant keep, shared equally. Default 32 MiB: eight full views.
  package var maxTenantBytes = 32 << 20
  /// Different filters subscribed to at once per tenant; each costs one encoding per batch. Default 256.
  package var maxViewsPerTenant = 256
  /// Subscriptions per tenant. Default 2,000.
  package var maxSubscriptionsPerTenant = 2_000
  /// Batches kept while an earlier one is missing; more are read from the journal again. Default 256.
  package var maxAheadBatches = 256
  /// Readings in those batches together. Default 50,000 (about 10 MB).
  package var maxAheadReadings = 50_000
  /// How long a missing `seq` may be on its way before the journal is read: concurrent commits announce
  /// themselves within milliseconds of each other. Default 50 ms.
  package var holeWait: Duration = .milliseconds(50)
  /// Longest pause between attempts to read the journal. Default 2 s.
  package var maxRetryWait: Duration = .seconds(2)
  /// Pauses before each look at the journal after a commit whose answer was lost: the server may still
  /// be finishing it. Default at once, after 1 s and 5 s more.
  package var uncertainWaits: [Duration] = [.zero, .seconds(1), .seconds(5)]
  /// Journal rows read at a time. Default 256.
  package var journalPage = 256

  package init() {}
}
