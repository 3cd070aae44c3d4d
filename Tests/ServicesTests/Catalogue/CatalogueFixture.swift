// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import RPCRuntime
import Services
import Synchronization
import TrakSenseAPI

/// The services of the catalogue over stores in memory, behind the interceptor that decides who may call them.
struct CatalogueFixture {
  let people: AccountFixture
  let stores = MemoryStores()
  let intake = ScriptedIntake()
  let statuses = ScriptedStatusLog()
  private let channel: InProcessChannel

  init() async throws {
    people = try await AccountFixture()
    let desk = CatalogueDesk(
      sites: stores, assets: stores, devices: stores, sensors: stores, intake: intake,
      statuses: statuses, timeZones: TimeZoneNames(), clock: WallClock { ServiceFixture.now },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    channel = InProcessChannel(
      router: RPCRouter(
        [SiteService(desk), AssetService(desk), DeviceService(desk), SensorService(desk)],
        interceptors: [AccessInterceptor(people.gate)]))
  }

  var sites: TraksenseV1.SiteServiceClient { .init(channel: channel) }
  var assets: TraksenseV1.AssetServiceClient { .init(channel: channel) }
  var devices: TraksenseV1.DeviceServiceClient { .init(channel: channel) }
  var sensors: TraksenseV1.SensorServiceClient { .init(channel: channel) }

  /// Somebody who may write.
  func writer() async throws -> CallOptions { try await people.options("operator") }
}

/// Knows what it is told, and remembers what it was asked for.
final class ScriptedStatusLog: StatusLog {
  struct State {
    /// nil: too many.
    var changes: [StatusChange]? = []
    var warnings: [WarningChange] = []
    var failure: StoreError?
    var sensors: [Int64] = []
    var device: Int64?
    var range: Range<Timestamp>?
  }

  private let state = Mutex(State())

  func edit<Value>(_ body: (inout sending State) -> sending Value) -> Value {
    state.withLock(body)
  }

  func statusChanges(
    of sensors: [Int64], in range: Range<Timestamp>, limit: Int, tenant: Tenant
  ) async throws(StoreError) -> [StatusChange]? {
    if let failure = edit({ $0.failure }) { throw failure }
    return edit { state in
      state.sensors = sensors
      state.range = range
      return state.changes?.filter { change in sensors.contains { $0 == change.sensorKey } }
    }
  }

  func statusRecord(
    of sensor: Int64, in range: Range<Timestamp>, limit: Int, tenant: Tenant
  ) async throws(StoreError) -> StatusRecord? {
    let changes = try await statusChanges(of: [sensor], in: range, limit: limit, tenant: tenant)
    return changes.map { StatusRecord(changes: $0, warnings: edit { $0.warnings }) }
  }

  /// All changes are of the device.
  func statusChanges(
    ofDevice device: Int64, in range: Range<Timestamp>, limit: Int, tenant: Tenant
  ) async throws(StoreError) -> [StatusChange]? {
    if let failure = edit({ $0.failure }) { throw failure }
    return edit { state in
      state.device = device
      state.range = range
      return state.changes
    }
  }
}

/// Answers as it is told, and remembers what it was given.
final class ScriptedIntake: ReadingIntake {
  private let state = Mutex((outcome: PointOutcome.stored, points: [IncomingPoint]()))

  func answer(_ outcome: PointOutcome) { state.withLock { $0.outcome = outcome } }

  var points: [IncomingPoint] { state.withLock { $0.points } }

  func accept(_ deliveries: [Delivery]) async throws(StoreError) -> [[PointOutcome]] {
    state.withLock { state in
      deliveries.map { delivery in
        state.points += delivery.points
        return delivery.points.map { _ in state.outcome }
      }
    }
  }
}
