// SPDX-License-Identifier: Apache-2.0
import Domain
import Synchronization

/// Readings in a dictionary, with switches for what a database does on a bad day.
final class MemoryReadingStore: ReadingStore, TenantDirectory, SensorCatalogue {
  struct Key: Hashable {
    let tenant: String
    let sensor: Int64
    let timestamp: Timestamp
  }

  struct State {
    var values: [Key: Double] = [:]
    /// How often each key was newly stored.
    var storedCounts: [Key: Int] = [:]
    var quarantined: [String: [QuarantinedPoint]] = [:]
    var unroutable: [QuarantinedPoint] = []
    var commits: [TenantBatch] = []
    var attempts = 0
    var lookups: [Set<SensorAddress>] = []
    var seq: [String: Int64] = [:]
    /// Asked before each commit; what it returns is thrown.
    var failure: (@Sendable (TenantBatch) -> StoreError?)?
    var isClosed = false
    var waiting = 0
    var waiters: [CheckedContinuation<Void, Never>] = []
    var running = 0
    var maxRunning = 0
  }

  let state = Mutex(State())
  let tenantNames: Set<String>

  init(tenants: Set<String> = ["acme", "globex"]) {
    tenantNames = tenants
  }

  // MARK: - Switches

  func fail(_ failure: (@Sendable (TenantBatch) -> StoreError?)?) {
    state.withLock { $0.failure = failure }
  }

  /// Commits wait until ``openGate()``.
  func closeGate() { state.withLock { $0.isClosed = true } }

  func openGate() {
    let waiters = state.withLock { state in
      state.isClosed = false
      state.waiting = 0
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  var waiting: Int { state.withLock { $0.waiting } }
  var storedCount: Int { state.withLock { $0.values.count } }
  var commits: [TenantBatch] { state.withLock { $0.commits } }
  var unroutable: [QuarantinedPoint] { state.withLock { $0.unroutable } }
  func quarantined(_ tenant: String) -> [QuarantinedPoint] {
    state.withLock { $0.quarantined[tenant] ?? [] }
  }

  // MARK: - Ports

  func commit(_ batch: TenantBatch) async throws(StoreError) -> CommitReceipt {
    state.withLock {
      $0.attempts += 1
      $0.running += 1
      $0.maxRunning = max($0.maxRunning, $0.running)
    }
    defer { state.withLock { $0.running -= 1 } }
    await withCheckedContinuation { continuation in
      let mayPass = state.withLock { state in
        guard state.isClosed else { return true }
        state.waiting += 1
        state.waiters.append(continuation)
        return false
      }
      if mayPass { continuation.resume() }
    }
    await Task.yield()
    let failure = state.withLock { $0.failure }
    if let error = failure?(batch) { throw error }
    let slug = batch.tenant.slug.rawValue
    return state.withLock { state in
      let isNew = batch.readings.map { reading in
        let key = Key(tenant: slug, sensor: reading.sensor.key, timestamp: reading.timestamp)
        guard state.values[key] == nil else { return false }
        state.values[key] = reading.value
        state.storedCounts[key, default: 0] += 1
        return true
      }
      state.quarantined[slug, default: []] += batch.quarantined
      state.commits.append(batch)
      var entry: JournalEntry?
      if isNew.contains(true) {
        state.seq[slug, default: 0] += 1
        entry = JournalEntry(seq: state.seq[slug, default: 0], payload: [])
      }
      return CommitReceipt(tenant: batch.tenant, stored: isNew, entry: entry)
    }
  }

  func keepUnroutable(_ points: [QuarantinedPoint]) async throws(StoreError) {
    state.withLock { $0.unroutable += points }
  }

  func latest(
    of device: DeviceID, sensors: Set<SensorID>, in tenant: Tenant
  ) async throws(StoreError) -> [LatestReading] { [] }

  func history(
    _ query: HistoryQuery, after position: HistoryPosition?, in tenant: Tenant
  ) async throws(StoreError) -> HistoryPage { HistoryPage(points: [], next: nil) }

  func cursor(of tenant: Tenant) async throws(StoreError) -> Int64 { 0 }

  func journal(
    of tenant: Tenant, after cursor: Int64, limit: Int
  ) async throws(StoreError) -> [JournalEntry] { [] }

  func tenant(slug: TenantSlug) async throws(StoreError) -> Tenant? {
    guard tenantNames.contains(slug.rawValue) else { return nil }
    return Tenant(id: 1, slug: slug, schema: slug.rawValue, name: slug.rawValue)
  }

  func tenant(host: String) async throws(StoreError) -> Tenant? { nil }

  /// Devices `dev-…` have sensors `s0`, `s1`, …, in °C from -50 to 150; the number is the key.
  func sensors(
    at addresses: Set<SensorAddress>, of tenant: Tenant
  ) async throws(StoreError) -> [SensorAddress: SensorLookup] {
    state.withLock { $0.lookups.append(addresses) }
    return Dictionary(uniqueKeysWithValues: addresses.map { ($0, Self.lookup($0)) })
  }

  func sensors(
    matching filter: SensorFilter, of tenant: Tenant
  ) async throws(StoreError) -> [Sensor] { [] }

  func hasDevice(_ device: DeviceID, of tenant: Tenant) async throws(StoreError) -> Bool { true }

  private static func lookup(_ address: SensorAddress) -> SensorLookup {
    guard address.device.rawValue.hasPrefix("dev-") else { return .unknownDevice }
    guard address.sensor.rawValue.hasPrefix("s"),
      let key = Int64(address.sensor.rawValue.dropFirst())
    else { return .unknownSensor }
    return .found(
      Sensor(
        key: key, deviceKey: 1, device: address.device, id: address.sensor, type: "temp_supply",
        unit: "°C", minimum: -50, maximum: 150))
  }
}

/// Remembers what was announced.
final class MemoryCommitListener: CommitListener {
  struct State {
    var committed: [(seq: Int64, tenant: String, readings: [ValidReading])] = []
    var uncertain: [String] = []
  }

  let state = Mutex(State())

  func committed(_ entry: JournalEntry, readings: [ValidReading], tenant: Tenant) {
    state.withLock { $0.committed.append((entry.seq, tenant.slug.rawValue, readings)) }
  }

  func commitUncertain(for tenant: Tenant) {
    state.withLock { $0.uncertain.append(tenant.slug.rawValue) }
  }
}
