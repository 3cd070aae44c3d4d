// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime

extension TelemetryService {
  /// The active sensors that a selection lets through, ordered by key. One statement, unless something
  /// named in the selection is not among them.
  /// - Throws: NOT_FOUND naming the first device, else sensor, that does not exist.
  @inline(never)
  func sensors(
    _ selection: SensorSelection, of tenant: Tenant, _ context: ServerContext
  ) async throws(RPCError) -> [Sensor] {
    let matching = try await sensors(matching: selection.filter, of: tenant, context)
    if !selection.isCovered(by: matching) {
      try await findMissing(selection, besides: matching, of: tenant, context)
    }
    return matching
  }

  /// Not inlined: few calls need it, and live streams keep the frames of their set-up; see `subscribe`.
  @inline(never)
  private func findMissing(
    _ selection: SensorSelection, besides matching: [Sensor], of tenant: Tenant,
    _ context: ServerContext
  ) async throws(RPCError) {
    // What exists may have another type than those wanted.
    var known = matching
    if !selection.types.isEmpty {
      var filter = selection.filter
      filter.types = []
      known = try await sensors(matching: filter, of: tenant, context)
    }
    let devices = Set(known.map(\.device))
    for device in selection.devices where !devices.contains(device.id) {
      guard try await hasDevice(device.id, of: tenant, context) else {
        throw .notFound(device.field, "unknown device \(device.id)")
      }
    }
    let ids = Set(known.map(\.id))
    for sensor in selection.sensors where !ids.contains(sensor.id) {
      throw .notFound(sensor.field, "unknown sensor \(sensor.id)")
    }
  }

  func hasDevice(
    _ device: DeviceID, of tenant: Tenant, _ context: ServerContext
  ) async throws(RPCError) -> Bool {
    do throws(StoreError) {
      return try await catalogue.hasDevice(device, of: tenant)
    } catch {
      throw failure(error, context)
    }
  }

  private func sensors(
    matching filter: SensorFilter, of tenant: Tenant, _ context: ServerContext
  ) async throws(RPCError) -> [Sensor] {
    do throws(StoreError) {
      return try await catalogue.sensors(matching: filter, of: tenant)
    } catch {
      throw failure(error, context)
    }
  }
}
