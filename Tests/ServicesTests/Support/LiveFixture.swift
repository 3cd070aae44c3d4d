// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services

/// A hub over a journal in memory.
struct LiveFixture {
  let store: MemoryReadingStore
  let text = TextLive()
  let hub: ReadingHub

  init(cursor: Int64 = 0, limits: LiveLimits = LiveLimits()) {
    store = MemoryReadingStore(cursor: cursor)
    hub = ReadingHub(
      store: store, codec: TextJournalCodec(), encoding: text.encoding, limits: limits)
  }

  /// Commits and announces one batch with one reading per key.
  @discardableResult
  func commit(_ keys: Int64...) -> JournalEntry {
    let readings = keys.map { ValidReading.sample($0) }
    let entry = store.append(readings)
    hub.committed(entry, readings: readings, tenant: .umc)
    return entry
  }

  /// Commits without announcing.
  @discardableResult
  func commitSilently(_ keys: Int64...) -> JournalEntry {
    store.append(keys.map { ValidReading.sample($0) })
  }

  func announce(_ entry: JournalEntry) {
    guard let readings = TextJournalCodec().decode(entry.payload) else { return }
    hub.committed(entry, readings: readings, tenant: .umc)
  }

  func subscribe(
    _ filter: SensorFilter = SensorFilter(), series: [Sensor] = [],
    slowReader: SlowReader = .close
  ) async throws(LiveError) -> (start: LiveStart, subscription: ReadingSubscription) {
    try await hub.subscribe(to: .umc, filter: filter, series: series, slowReader: slowReader)
  }
}

extension ReadingSubscription {
  /// The next `count` events as text.
  func texts(_ count: Int) async throws -> [String] {
    var texts: [String] = []
    for _ in 0..<count { texts.append(try await next().text) }
    return texts
  }
}
