// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization

/// The sensors of tenant `umc`: keys 0…19 on the devices `ESP32-0` and `ESP32-1`, and `ESP32-9`, a device
/// without sensors. Sensor 5 accepts 0 to 100.
final class MemoryCatalogue: SensorCatalogue {
  struct State {
    var sensors: [Sensor] = (0..<20).map { .sample($0) }
    var failure: StoreError?
    var queries = 0
  }

  private let state: Mutex<State>

  init() {
    var initial = State()
    let plain = Sensor.sample(5)
    initial.sensors[5] = Sensor(
      key: 5, deviceKey: plain.deviceKey, device: plain.device, id: plain.id, type: plain.type,
      unit: plain.unit, minimum: 0, maximum: 100)
    state = Mutex(initial)
  }

  func edit<Value>(_ body: (inout sending State) -> sending Value) -> Value {
    state.withLock(body)
  }

  private func sensors() throws(StoreError) -> [Sensor] {
    let (failure, sensors) = edit { state in
      state.queries += 1
      return (state.failure, state.sensors)
    }
    if let failure { throw failure }
    return sensors
  }

  func sensors(
    at addresses: Set<SensorAddress>, of tenant: Tenant
  ) async throws(StoreError) -> [SensorAddress: SensorLookup] {
    let all = tenant == .umc ? try sensors() : []
    var answers: [SensorAddress: SensorLookup] = [:]
    for address in addresses {
      let ofDevice = all.filter { $0.device == address.device }
      if let sensor = ofDevice.first(where: { $0.id == address.sensor }) {
        answers[address] = .found(sensor)
      } else {
        answers[address] = ofDevice.isEmpty ? .unknownDevice : .unknownSensor
      }
    }
    return answers
  }

  func sensors(
    matching filter: SensorFilter, of tenant: Tenant
  ) async throws(StoreError) -> [Sensor] {
    let all = try sensors()
    return tenant == .umc ? all.filter { filter.admits($0) } : []
  }

  func hasDevice(_ device: DeviceID, of tenant: Tenant) async throws(StoreError) -> Bool {
    let all = try sensors()
    return tenant == .umc && (device == .sample(9) || all.contains { $0.device == device })
  }
}
