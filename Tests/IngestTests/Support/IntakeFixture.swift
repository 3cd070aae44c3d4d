// SPDX-License-Identifier: Apache-2.0
import Domain
import Ingest

/// An intake over memory, at noon of 2025-01-01.
struct IntakeFixture {
  static let noon = Timestamp(microseconds: 1_735_732_800_000_000)

  let store: MemoryReadingStore
  let listener = MemoryCommitListener()
  let intake: TelemetryIntake

  init(
    tenants: Set<String> = ["acme", "globex"], limits: IngestLimits = IngestLimits()
  ) {
    store = MemoryReadingStore(tenants: tenants)
    intake = TelemetryIntake(
      tenants: store, catalogue: store, store: store, listener: listener, limits: limits,
      clock: WallClock { Self.noon })
  }

  static func reading(
    _ tenant: String = "acme", device: String = "dev-1", sensor: String = "s0",
    value: Double = 21.5, unit: String = "°C", secondsAgo: Int64 = 0
  ) -> IncomingPoint {
    .reading(
      IncomingReading(
        tenant: tenant, deviceID: device, sensorID: sensor, value: value, unit: unit,
        timestamp: Timestamp(microseconds: noon.microseconds - secondsAgo * 1_000_000)))
  }

  static func message(_ points: IncomingPoint...) -> Delivery {
    Delivery(points: points, source: .mqtt(topic: "a/topic", payload: Array("payload".utf8)))
  }
}
