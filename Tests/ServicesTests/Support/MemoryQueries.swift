// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization

/// Answers as told. Asset `CH-001` has the sensors 0…3 of the catalogue.
final class MemoryQueries: TelemetryQueries {
  struct State {
    var totals: [ReadingTotals] = []
    var device: DeviceState?
    var readings: [LatestReading] = []
    var changes: [StatusChange] = []
    var failure: StoreError?
    var ranges: [Range<Timestamp>] = []
    var readingQueries: [ReadingQuery] = []
  }

  private let catalogue: MemoryCatalogue
  private let state = Mutex(State())

  init(catalogue: MemoryCatalogue) {
    self.catalogue = catalogue
  }

  func edit<Value>(_ body: (inout sending State) -> sending Value) -> Value {
    state.withLock(body)
  }

  private func check() throws(StoreError) {
    if let failure = edit({ $0.failure }) { throw failure }
  }

  func sensors(ofAsset tag: String, of tenant: Tenant) async throws(StoreError) -> [Sensor]? {
    try check()
    guard tag.uppercased() == "CH-001", tenant == .umc else { return nil }
    return catalogue.edit { Array($0.sensors.prefix(4)) }
  }

  func totals(
    of sensors: [Int64], in range: Range<Timestamp>, tenant: Tenant
  ) async throws(StoreError) -> [ReadingTotals] {
    try check()
    return edit { state in
      state.ranges.append(range)
      return state.totals.filter { sensors.contains($0.sensorKey) }
    }
  }

  func state(
    of device: DeviceID, statisticsSince since: Timestamp, tenant: Tenant
  ) async throws(StoreError) -> DeviceState? {
    try check()
    return device == .sample(0) ? edit { $0.device } : nil
  }

  func statusChanges(
    of sensors: [Int64], in range: Range<Timestamp>, limit: Int, tenant: Tenant
  ) async throws(StoreError) -> [StatusChange]? {
    try check()
    let changes = edit { state in
      state.changes.filter { change in sensors.contains { $0 == change.sensorKey } }
    }
    return changes.count > limit ? nil : changes
  }

  func statusRecord(
    of sensor: Int64, in range: Range<Timestamp>, limit: Int, tenant: Tenant
  ) async throws(StoreError) -> StatusRecord? {
    let changes = try await statusChanges(of: [sensor], in: range, limit: limit, tenant: tenant)
    return changes.map { StatusRecord(changes: $0) }
  }

  /// All changes are of the one device.
  func statusChanges(
    ofDevice device: Int64, in range: Range<Timestamp>, limit: Int, tenant: Tenant
  ) async throws(StoreError) -> [StatusChange]? {
    try check()
    let changes = edit { state in state.device?.deviceKey == device ? state.changes : [] }
    return changes.count > limit ? nil : changes
  }

  func readings(
    _ query: ReadingQuery, _ page: PageRequest, tenant: Tenant
  ) async throws(StoreError) -> Page<LatestReading> {
    try check()
    return edit { state in
      state.readingQueries.append(query)
      let all = state.readings.filter { query.sensors.contains($0.sensor.key) }
      return Page(items: Array(all.dropFirst(page.offset).prefix(page.size)), count: all.count)
    }
  }
}

/// One tenant's settings.
final class MemoryTelemetrySettings: TelemetrySettingsStore {
  private let current = Mutex(TelemetrySettings(canCompress: true))

  func settings(of tenant: Tenant) async throws(StoreError) -> TelemetrySettings {
    current.withLock { $0 }
  }

  func set(
    rawDays: Int?, compressAfterDays: Int?, for tenant: Tenant
  ) async throws(StoreError) -> TelemetrySettings {
    current.withLock { settings in
      settings.rawDays = rawDays
      settings.compressAfterDays = compressAfterDays
      return settings
    }
  }
}
