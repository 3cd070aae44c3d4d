// SPDX-License-Identifier: Apache-2.0

/// Stores and reads readings. Port: implemented by `Persistence`.
package protocol ReadingStore: Sendable {
  /// Commits what one tenant's batch brought, in one transaction: readings (first one wins), latest
  /// status by measurement time, quarantine, ledger, and one journal row with the next `seq` when
  /// anything was newly stored.
  /// - Throws: `.outdated` when a reading's sensor has been deleted.
  func commit(_ batch: TenantBatch) async throws(StoreError) -> CommitReceipt

  /// Keeps points whose tenant could not be found; they belong to no schema.
  func keepUnroutable(_ points: [QuarantinedPoint]) async throws(StoreError)

  /// The newest reading, by measurement time, of each sensor of a device that has one.
  func latest(
    of device: DeviceID, sensors: Set<SensorID>, in tenant: Tenant
  ) async throws(StoreError) -> [LatestReading]

  /// One page of history, ascending by time, then sensor key.
  func history(
    _ query: HistoryQuery, after position: HistoryPosition?, in tenant: Tenant
  ) async throws(StoreError) -> HistoryPage

  /// The newest `seq` of the tenant's journal; 0 when nothing was ever committed.
  func cursor(of tenant: Tenant) async throws(StoreError) -> Int64

  /// Journal rows with `seq > cursor`, ascending.
  func journal(
    of tenant: Tenant, after cursor: Int64, limit: Int
  ) async throws(StoreError) -> [JournalEntry]
}

/// What is committed in one transaction.
package struct TenantBatch: Sendable {
  package let tenant: Tenant
  package var readings: [ValidReading]
  package var quarantined: [QuarantinedPoint]
  package var receivedAt: Timestamp

  package init(
    tenant: Tenant, readings: [ValidReading], quarantined: [QuarantinedPoint],
    receivedAt: Timestamp
  ) {
    self.tenant = tenant
    self.readings = readings
    self.quarantined = quarantined
    self.receivedAt = receivedAt
  }
}

/// A point set aside, with all that is needed to mend and replay it.
package struct QuarantinedPoint: Hashable, Sendable {
  package let refusal: Refusal
  package let topic: String
  /// The message as received.
  package let payload: [UInt8]
  /// Position of the point in its message, from 0.
  package let index: Int

  package init(refusal: Refusal, topic: String, payload: [UInt8], index: Int) {
    self.refusal = refusal
    self.topic = topic
    self.payload = payload
    self.index = index
  }
}

/// What a commit did.
package struct CommitReceipt: Sendable {
  package let tenant: Tenant
  /// One verdict per reading of the batch, in order: true when newly stored, false for a duplicate.
  package let stored: [Bool]
  /// The journal row; nil when nothing was newly stored.
  package let entry: JournalEntry?

  package init(tenant: Tenant, stored: [Bool], entry: JournalEntry?) {
    self.tenant = tenant
    self.stored = stored
    self.entry = entry
  }
}

/// One committed batch of newly stored readings; `seq` is dense and ascending in commit order.
package struct JournalEntry: Hashable, Sendable {
  package let seq: Int64
  /// Encoded by the ``JournalCodec``.
  package let payload: [UInt8]

  package init(seq: Int64, payload: [UInt8]) {
    self.seq = seq
    self.payload = payload
  }
}

/// Turns newly stored readings into journal payloads and back. Port: implemented by `Services`, where
/// the wire's messages are known.
package protocol JournalCodec: Sendable {
  func encode(_ readings: [ValidReading]) -> [UInt8]
  /// - Returns: nil when the payload is not one of ours.
  func decode(_ payload: [UInt8]) -> [ValidReading]?
}

/// Learns of commits, in no particular order between concurrent commits; `seq` tells. Port: implemented
/// by `Services`. Must return at once.
package protocol CommitListener: Sendable {
  func committed(_ entry: JournalEntry, readings: [ValidReading], tenant: Tenant)
  /// A commit's answer was lost: the journal may hold an entry that nobody announced.
  func commitUncertain(for tenant: Tenant)
}

package struct LatestReading: Hashable, Sendable {
  package let sensor: Sensor
  package let value: Double
  package let timestamp: Timestamp

  package init(sensor: Sensor, value: Double, timestamp: Timestamp) {
    self.sensor = sensor
    self.value = value
    self.timestamp = timestamp
  }
}
