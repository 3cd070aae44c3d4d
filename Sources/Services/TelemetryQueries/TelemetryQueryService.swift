// SPDX-License-Identifier: Apache-2.0

package import Domain
import RPCRuntime
import TrakSenseAPI

/// `traksense.v1.TelemetryQueryService` over the domain's ports. One file per group of RPCs.
package struct TelemetryQueryService: TraksenseV1.TelemetryQueryServiceProtocol {
  let store: any ReadingStore
  let queries: any TelemetryQueries
  let retention: any TelemetrySettingsStore
  let finder: SensorFinder
  let keptPoints: KeptPoints
  private let settings: TelemetryService.Settings

  package init(
    store: any ReadingStore, catalogue: any SensorCatalogue, queries: any TelemetryQueries,
    retention: any TelemetrySettingsStore, keptPoints: KeptPoints,
    settings: TelemetryService.Settings
  ) {
    self.store = store
    self.queries = queries
    self.retention = retention
    self.settings = settings
    self.keptPoints = keptPoints
    finder = SensorFinder(
      catalogue: catalogue, assets: queries, limits: settings.limits, logger: settings.logger)
  }

  var limits: TelemetryLimits { settings.limits }
  var now: Timestamp { settings.clock.now() }

  /// Runs a question to a store.
  func ask<Answer>(
    _ context: ServerContext, _ question: () async throws(StoreError) -> Answer
  ) async throws(RPCError) -> Answer {
    do throws(StoreError) {
      return try await question()
    } catch {
      throw RPCError(
        error, in: context, retryAfter: limits.retryAfter, logger: settings.logger)
    }
  }

  /// The sensors that a list is about: one device's, or all.
  /// - Throws: INVALID_ARGUMENT naming `device_id` when there are more than one question may be about.
  func sensors(
    device: String, ids: [String], types: [String], of tenant: Tenant, _ context: ServerContext
  ) async throws(RPCError) -> [Sensor] {
    let sensors: [Sensor]
    do throws(RPCError) {
      let selection = try SensorSelection(
        devices: device.isEmpty ? [] : [device], sensors: ids, types: types,
        limit: limits.maxFilterValues)
      sensors = try await finder.sensors(selection, of: tenant, context)
    } catch {
      throw error.renaming("device_id[0]", to: "device_id")
    }
    guard sensors.count <= limits.maxQuestionedSensors else {
      throw .invalid(
        "device_id",
        "This field is required here: there are more than \(limits.maxQuestionedSensors) sensors.")
    }
    return sensors
  }

  /// - Parameters:
  ///   - names: of the request's fields.
  ///   - length: of the range when its start is absent.
  /// - Throws: INVALID_ARGUMENT naming the field.
  func range(
    _ from: ProtoTimestamp?, _ to: ProtoTimestamp?, names: (from: String, to: String),
    length: Duration = .seconds(86_400), longest: Duration
  ) throws(RPCError) -> Range<Timestamp> {
    try HistoryRange.range(from, to, names: names, length: length, longest: longest, now: now)
  }
}

extension RPCError {
  /// The same about another field.
  fileprivate func renaming(_ name: String, to other: String) -> RPCError {
    var copy = self
    copy.violations = violations.map { violation in
      violation.field == name
        ? FieldViolation(field: other, description: violation.description) : violation
    }
    return copy
  }
}
