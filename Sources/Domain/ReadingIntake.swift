// SPDX-License-Identifier: Apache-2.0

/// The one way in for readings, whatever brought them. Port: implemented by `Ingest`, called by the MQTT
/// subscriber and by the services.
package protocol ReadingIntake: Sendable {
  /// Validates, commits one transaction per tenant, and only then returns.
  ///
  /// When it returns, every point has ended in exactly one place, durably: what the outcomes say. When
  /// it throws, nothing may be acknowledged; sending everything again is always safe, because points
  /// that were stored already become duplicates.
  /// - Returns: one array per delivery, one outcome per point, in order.
  func accept(_ deliveries: [Delivery]) async throws(StoreError) -> [[PointOutcome]]
}

/// Where a point ended.
package enum PointOutcome: Hashable, Sendable {
  case stored
  /// The same sensor already has a reading at that instant; the first one stays.
  case duplicate
  /// Kept aside with its reason and payload (MQTT).
  case quarantined(Refusal)
  /// Given back to the caller (RPC, REST); nothing stored.
  case refused(Refusal)
}
