// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension TelemetryQueryService {
  package func getTelemetrySettings(
    _ request: TraksenseV1.GetTelemetrySettingsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.TelemetrySettings {
    let tenant = try context.tenant()
    let settings = try await ask(context) { () async throws(StoreError) in
      try await retention.settings(of: tenant)
    }
    return TraksenseV1.TelemetrySettings(settings)
  }

  package func updateTelemetrySettings(
    _ request: TraksenseV1.UpdateTelemetrySettingsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.TelemetrySettings {
    let tenant = try context.tenant()
    let mask = request.updateMask?.paths ?? []
    let known = ["raw_days", "compress_after_days"]
    for path in mask where !known.contains(path) {
      throw .invalid("update_mask", "Unknown field \(path).")
    }
    var settings = try await ask(context) { () async throws(StoreError) in
      try await retention.settings(of: tenant)
    }
    if mask.contains("raw_days") { settings.rawDays = try days(request.rawDays, "raw_days") }
    if mask.contains("compress_after_days") {
      settings.compressAfterDays = try days(request.compressAfterDays, "compress_after_days")
    }
    let changed = settings
    let result = try await ask(context) { () async throws(StoreError) in
      try await retention.set(
        rawDays: changed.rawDays, compressAfterDays: changed.compressAfterDays, for: tenant)
    }
    return TraksenseV1.TelemetrySettings(result)
  }

  /// 0: never.
  private func days(_ days: UInt32, _ field: String) throws(RPCError) -> Int? {
    guard days != 0 else { return nil }
    let allowed = Domain.TelemetrySettings.days
    guard allowed.contains(Int(days)) else {
      throw .invalid(field, "Must be 0 or from \(allowed.lowerBound) to \(allowed.upperBound).")
    }
    return Int(days)
  }
}

extension TraksenseV1.TelemetrySettings {
  fileprivate init(_ settings: Domain.TelemetrySettings) {
    self.init(
      rawDays: UInt32(clamping: settings.rawDays ?? 0),
      compressAfterDays: UInt32(clamping: settings.compressAfterDays ?? 0),
      canCompress: settings.canCompress, keptFrom: settings.keptFrom.map { ProtoTimestamp($0) },
      appliedAt: settings.appliedAt.map { ProtoTimestamp($0) })
  }
}
