// SPDX-License-Identifier: Apache-2.0
import Domain
import Logging
import Services
import Synchronization

/// `TelemetryService` and hub as they are, over ports in memory: what is ingested counts as committed.
enum FanoutService {
  static func make() throws -> TelemetryService {
    guard let device = DeviceID("ESP32-01"), let id = SensorID("temp_001") else {
      throw StoreError.failed(sqlState: "XX000", "a name is malformed")
    }
    let tenant = try BenchInterceptors.tenant()
    let sensor = Sensor(
      key: 1, deviceKey: 1, device: device, id: id, type: "temp_supply", unit: "°C", minimum: nil,
      maximum: nil)
    let store = EmptyStore()
    let hub = ReadingHub(store: store, codec: JournalBlockCodec(), encoding: .protobuf)
    let settings = TelemetryService.Settings(
      clock: WallClock { Timestamp(microseconds: 0) }, logger: Logger(label: "bench"))
    return TelemetryService(
      tenants: OneTenant(tenant: tenant),
      intake: AnnouncingIntake(tenant: tenant, sensor: sensor, hub: hub), store: store,
      catalogue: OneSensor(sensor: sensor), assets: OneSensor(sensor: sensor), hub: hub,
      keptPoints: KeptPoints(of: store, settings), settings: settings)
  }
}

struct OneTenant: TenantDirectory {
  let tenant: Tenant

  func tenant(slug: TenantSlug) async throws(StoreError) -> Tenant? { tenant }
  func tenant(host: String) async throws(StoreError) -> Tenant? { nil }
}

private struct OneSensor: SensorCatalogue, AssetSensors {
  let sensor: Sensor

  func sensors(
    at addresses: Set<SensorAddress>, of tenant: Tenant
  ) async throws(StoreError) -> [SensorAddress: SensorLookup] { [:] }

  func sensors(
    matching filter: SensorFilter, of tenant: Tenant
  ) async throws(StoreError) -> [Sensor] { [sensor] }

  func hasDevice(_ device: DeviceID, of tenant: Tenant) async throws(StoreError) -> Bool { true }

  func sensors(ofAsset tag: String, of tenant: Tenant) async throws(StoreError) -> [Sensor]? { nil }
}

/// Commits nowhere and tells the hub at once.
private final class AnnouncingIntake: ReadingIntake {
  private let tenant: Tenant
  private let sensor: Sensor
  private let hub: ReadingHub
  private let seq = Mutex<Int64>(0)

  init(tenant: Tenant, sensor: Sensor, hub: ReadingHub) {
    self.tenant = tenant
    self.sensor = sensor
    self.hub = hub
  }

  func accept(_ deliveries: [Delivery]) async throws(StoreError) -> [[PointOutcome]] {
    let readings = deliveries.flatMap(\.points).map { _ in
      ValidReading(sensor: sensor, value: 23.5, timestamp: Timestamp(microseconds: 0))
    }
    let next = seq.withLock { seq in
      seq += 1
      return seq
    }
    hub.committed(JournalEntry(seq: next, payload: []), readings: readings, tenant: tenant)
    return deliveries.map { $0.points.map { _ in .stored } }
  }
}

/// Holds nothing.
private struct EmptyStore: ReadingStore {
  func commit(_ batch: TenantBatch) async throws(StoreError) -> CommitReceipt {
    throw .failed(sqlState: "0A000", "not measured")
  }

  func keepUnroutable(_ points: [QuarantinedPoint]) async throws(StoreError) {}

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
}
