// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import RPCRuntime

/// Finds the sensors that a request names, and says which of the names is wrong.
struct SensorFinder: Sendable {
  let catalogue: any SensorCatalogue
  let assets: any AssetSensors
  let limits: TelemetryLimits
  let logger: Logger

  /// Longest tag of an asset, in characters, as the catalogue's column.
  private static let longestTag = 100

  /// The active sensors of one device, or of all devices of one asset, ordered by key.
  /// - Parameters:
  ///   - device: empty: `asset` is named.
  ///   - asset: tag; empty: `device` is named.
  ///   - ids: empty: all.
  ///   - types: empty: all.
  /// - Throws: INVALID_ARGUMENT or NOT_FOUND naming the field.
  func sensors(
    device: String, asset: String, ids: [String], types: [String], of tenant: Tenant,
    _ context: ServerContext
  ) async throws(RPCError) -> [Sensor] {
    guard !asset.isEmpty else {
      let selection = try SensorSelection(
        device: device, sensors: ids, types: types, limit: limits.maxFilterValues)
      return try await sensors(selection, of: tenant, context)
    }
    guard device.isEmpty else {
      throw .invalid("asset_tag", "Does not go together with `device_id`.")
    }
    guard asset.unicodeScalars.count <= Self.longestTag else {
      throw .invalid(
        "asset_tag", "Ensure this field has no more than \(Self.longestTag) characters.")
    }
    let selection = try SensorSelection(
      devices: [], sensors: ids, types: types, limit: limits.maxFilterValues)
    guard let all = try await sensors(ofAsset: asset, of: tenant, context) else {
      throw .notFound("asset_tag", "There is no asset \(asset).")
    }
    let known = Set(all.map(\.id))
    for sensor in selection.sensors where !known.contains(sensor.id) {
      throw .notFound(sensor.field, "There is no sensor \(sensor.id).")
    }
    return all.filter { selection.filter.admits($0) }
  }

  private func sensors(
    ofAsset tag: String, of tenant: Tenant, _ context: ServerContext
  ) async throws(RPCError) -> [Sensor]? {
    do throws(StoreError) {
      return try await assets.sensors(ofAsset: tag, of: tenant)
    } catch {
      throw failure(error, context)
    }
  }

  /// The active sensors that a selection lets through, ordered by key. One statement, unless something
  /// named in the selection is not among them.
  /// - Throws: NOT_FOUND naming the first device, else sensor, that does not exist.
  func sensors(
    _ selection: SensorSelection, of tenant: Tenant, _ context: ServerContext
  ) async throws(RPCError) -> [Sensor] {
    let matching = try await sensors(matching: selection.filter, of: tenant, context)
    if !selection.isCovered(by: matching) {
      try await findMissing(selection, besides: matching, of: tenant, context)
    }
    return matching
  }

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
        throw .notFound(device.field, "There is no device \(device.id).")
      }
    }
    let ids = Set(known.map(\.id))
    for sensor in selection.sensors where !ids.contains(sensor.id) {
      throw .notFound(sensor.field, "There is no sensor \(sensor.id).")
    }
  }

  private func hasDevice(
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

  private func failure(_ error: StoreError, _ context: ServerContext) -> RPCError {
    RPCError(error, in: context, retryAfter: limits.retryAfter, logger: logger)
  }
}
