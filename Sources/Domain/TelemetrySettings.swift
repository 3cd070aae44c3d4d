// SPDX-License-Identifier: Apache-2.0

/// How long a tenant keeps its readings, and what became of that so far.
package struct TelemetrySettings: Hashable, Sendable {
  /// Readings older than so many days are deleted, in whole months or weeks; their sums by 5 minutes, hour and
  /// day stay. nil: never.
  package var rawDays: Int?
  /// Readings older than so many days are compressed. nil: never.
  package var compressAfterDays: Int?
  /// Whether the storage can compress.
  package var canCompress: Bool
  /// Readings before this have been deleted; nil: none.
  package var keptFrom: Timestamp?
  /// When retention was last applied; nil: not yet.
  package var appliedAt: Timestamp?

  /// Days that may be set: fewer would delete what a backlog of some days still brings.
  package static let days = 7...3_660

  package init(
    rawDays: Int? = nil, compressAfterDays: Int? = nil, canCompress: Bool = false,
    keptFrom: Timestamp? = nil, appliedAt: Timestamp? = nil
  ) {
    self.rawDays = rawDays
    self.compressAfterDays = compressAfterDays
    self.canCompress = canCompress
    self.keptFrom = keptFrom
    self.appliedAt = appliedAt
  }
}

/// Keeps the settings. Port: implemented by `Persistence`.
package protocol TelemetrySettingsStore: Sendable {
  func settings(of tenant: Tenant) async throws(StoreError) -> TelemetrySettings

  /// Writes the two numbers of days; the job applies them at its next turn.
  /// - Returns: the settings as they are now.
  func set(
    rawDays: Int?, compressAfterDays: Int?, for tenant: Tenant
  ) async throws(StoreError) -> TelemetrySettings
}
