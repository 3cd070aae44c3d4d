// SPDX-License-Identifier: Apache-2.0

/// Finds sensors of a tenant. Port: implemented by `Persistence`.
package protocol SensorCatalogue: Sendable {
  /// Looks up many addresses at once (one statement).
  /// - Returns: an answer for each address.
  func sensors(
    at addresses: Set<SensorAddress>, of tenant: Tenant
  ) async throws(StoreError) -> [SensorAddress: SensorLookup]

  /// All active sensors that a filter lets through, ordered by key.
  func sensors(
    matching filter: SensorFilter, of tenant: Tenant
  ) async throws(StoreError) -> [Sensor]

  /// Whether the tenant has such a device.
  func hasDevice(_ device: DeviceID, of tenant: Tenant) async throws(StoreError) -> Bool
}

package enum SensorLookup: Hashable, Sendable {
  case found(Sensor)
  case unknownDevice
  case unknownSensor
}

/// Which sensors of a tenant a reader wants. An empty set means "any".
package struct SensorFilter: Hashable, Sendable {
  package var devices: Set<DeviceID>
  package var sensors: Set<SensorID>
  package var types: Set<String>

  package init(
    devices: Set<DeviceID> = [], sensors: Set<SensorID> = [], types: Set<String> = []
  ) {
    self.devices = devices
    self.sensors = sensors
    self.types = types
  }

  package func admits(_ sensor: Sensor) -> Bool {
    (devices.isEmpty || devices.contains(sensor.device))
      && (sensors.isEmpty || sensors.contains(sensor.id))
      && (types.isEmpty || types.contains(sensor.type))
  }
}
