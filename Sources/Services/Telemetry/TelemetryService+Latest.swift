// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension TelemetryService {
  /// One statement when every sensor asked for has a reading; the catalogue is asked otherwise.
  package func latest(
    _ request: TraksenseV1.LatestRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.LatestResponse {
    let selection = try SensorSelection(
      device: request.deviceID, sensors: request.sensorID, types: [],
      limit: limits.maxFilterValues)
    let tenant = try context.tenant()
    let readings: [LatestReading]
    do throws(StoreError) {
      readings = try await latest(selection.filter, of: tenant)
    } catch {
      throw failure(error, context)
    }
    if !selection.isCovered(by: readings.map(\.sensor)) {
      _ = try await sensors(selection, of: tenant, context)
    }
    let ordered = readings.sorted { $0.sensor.id.rawValue < $1.sensor.id.rawValue }
    return TraksenseV1.LatestResponse(
      deviceID: request.deviceID,
      timestamp: ordered.map(\.timestamp).max().map { ProtoTimestamp($0) },
      count: UInt32(ordered.count), readings: ordered.map { TraksenseV1.Reading($0) })
  }

  private func latest(
    _ filter: SensorFilter, of tenant: Tenant
  ) async throws(StoreError) -> [LatestReading] {
    var readings: [LatestReading] = []
    for device in filter.devices {
      readings += try await store.latest(of: device, sensors: filter.sensors, in: tenant)
    }
    return readings
  }
}
