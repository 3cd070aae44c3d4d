// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization

/// Validates by the domain's rules and commits to a store in memory, as one call's intake would.
final class MemoryIntake: ReadingIntake {
  private struct Stored: Hashable {
    let sensorKey: Int64
    let timestamp: Timestamp
  }

  private struct State {
    var stored: Set<Stored> = []
    var failure: StoreError?
    var accepted = 0
  }

  private let catalogue: MemoryCatalogue
  private let store: MemoryReadingStore
  private let listener: any CommitListener
  private let clock: WallClock
  private let state = Mutex(State())

  init(
    catalogue: MemoryCatalogue, store: MemoryReadingStore, listener: any CommitListener,
    clock: WallClock
  ) {
    self.catalogue = catalogue
    self.store = store
    self.listener = listener
    self.clock = clock
  }

  /// Points that reached the intake.
  var accepted: Int { state.withLock { $0.accepted } }

  func fail(_ error: StoreError?) {
    state.withLock { $0.failure = error }
  }

  func accept(_ deliveries: [Delivery]) async throws(StoreError) -> [[PointOutcome]] {
    if let failure = state.withLock({ $0.failure }) { throw failure }
    var outcomes: [[PointOutcome]] = []
    for delivery in deliveries {
      var mine: [PointOutcome] = []
      var fresh: [ValidReading] = []
      for point in delivery.points {
        state.withLock { $0.accepted += 1 }
        do throws(Refusal) {
          let reading = try await validate(point)
          let key = Stored(sensorKey: reading.sensor.key, timestamp: reading.timestamp)
          let isNew = state.withLock { $0.stored.insert(key).inserted }
          if isNew { fresh.append(reading) }
          mine.append(isNew ? .stored : .duplicate)
        } catch {
          mine.append(.refused(error))
        }
      }
      if !fresh.isEmpty {
        listener.committed(store.append(fresh), readings: fresh, tenant: .umc)
      }
      outcomes.append(mine)
    }
    return outcomes
  }

  private func validate(_ point: IncomingPoint) async throws(Refusal) -> ValidReading {
    switch point {
    case .unreadable(_, let refusal): throw refusal
    case .reading(let reading):
      guard let device = DeviceID(reading.deviceID), let sensor = SensorID(reading.sensorID) else {
        throw Refusal(.malformedPayload, field: "device_id", message: "unusable identity")
      }
      let address = SensorAddress(device: device, sensor: sensor)
      let answers: [SensorAddress: SensorLookup]
      do {
        answers = try await catalogue.sensors(at: [address], of: .umc)
      } catch {
        throw Refusal(.malformedPayload, field: "payload", message: "catalogue failed")
      }
      switch answers[address] {
      case .found(let sensor):
        return try ReadingRules().validate(reading, for: sensor, at: clock.now())
      case .unknownDevice, nil:
        throw Refusal(.unknownDevice, field: "device_id", message: "unknown device \(device)")
      case .unknownSensor:
        throw Refusal(.unknownSensor, field: "sensor_id", message: "unknown sensor \(sensor)")
      }
    }
  }
}
