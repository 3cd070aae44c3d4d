// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization

/// A store that keeps one tenant's journal, latest readings and history in memory.
final class MemoryReadingStore: ReadingStore {
  struct State {
    var journal: [JournalEntry] = []
    var nextSeq: Int64 = 1
    var latest: [LatestReading] = []
    var history: [HistoryPoint] = []
    /// Thrown instead of answering, first to last.
    var failures: [StoreError] = []
    /// Thrown instead of every answer.
    var failure: StoreError?
    var journalReads = 0
    var historyQueries: [HistoryQuery] = []
    /// Awaited by every history.
    var pause: (@Sendable () async -> Void)?
  }

  private let codec: any JournalCodec
  private let state: Mutex<State>

  init(codec: any JournalCodec = TextJournalCodec(), cursor: Int64 = 0) {
    self.codec = codec
    state = Mutex(State(nextSeq: cursor + 1))
  }

  func edit<Value>(_ body: (inout sending State) -> sending Value) -> Value {
    state.withLock(body)
  }

  /// Adds a journal row with the next `seq`.
  func append(_ readings: [ValidReading]) -> JournalEntry {
    let payload = codec.encode(readings)
    return edit { state in
      let entry = JournalEntry(seq: state.nextSeq, payload: payload)
      state.nextSeq += 1
      state.journal.append(entry)
      return entry
    }
  }

  private func check() throws(StoreError) {
    let failure = edit { state in
      state.failures.isEmpty ? state.failure : state.failures.removeFirst()
    }
    if let failure { throw failure }
  }

  func commit(_ batch: TenantBatch) async throws(StoreError) -> CommitReceipt {
    try check()
    let entry = batch.readings.isEmpty ? nil : append(batch.readings)
    return CommitReceipt(
      tenant: batch.tenant, stored: batch.readings.map { _ in true }, entry: entry)
  }

  func keepUnroutable(_ points: [QuarantinedPoint]) async throws(StoreError) {
    try check()
  }

  func latest(
    of device: DeviceID, sensors: Set<SensorID>, in tenant: Tenant
  ) async throws(StoreError) -> [LatestReading] {
    try check()
    return edit { state in
      state.latest.filter {
        $0.sensor.device == device && (sensors.isEmpty || sensors.contains($0.sensor.id))
      }
    }
  }

  func history(
    _ query: HistoryQuery, after position: HistoryPosition?, in tenant: Tenant
  ) async throws(StoreError) -> HistoryPage {
    try check()
    if let pause = edit({ $0.pause }) { await pause() }
    return edit { state in
      state.historyQueries.append(query)
      let rest = state.history.filter { point in
        guard point.timestamp >= query.from, point.timestamp < query.to,
          query.sensors.contains(point.sensorKey)
        else { return false }
        guard let position else { return true }
        return (point.timestamp, point.sensorKey) > (position.timestamp, position.sensorKey)
      }
      let points = Array(rest.prefix(query.pageSize))
      let next = rest.count > points.count ? points.last : nil
      return HistoryPage(
        points: points,
        next: next.map { HistoryPosition(timestamp: $0.timestamp, sensorKey: $0.sensorKey) })
    }
  }

  func cursor(of tenant: Tenant) async throws(StoreError) -> Int64 {
    try check()
    await Task.yield()
    let cursor = edit { $0.nextSeq - 1 }
    await Task.yield()
    return cursor
  }

  func journal(
    of tenant: Tenant, after cursor: Int64, limit: Int
  ) async throws(StoreError) -> [JournalEntry] {
    try check()
    return edit { state in
      state.journalReads += 1
      return Array(state.journal.lazy.filter { $0.seq > cursor }.prefix(limit))
    }
  }
}
