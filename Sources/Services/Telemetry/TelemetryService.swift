// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Logging
import RPCRuntime
import TrakSenseAPI

/// `traksense.v1.TelemetryService` over the domain's ports. One file per RPC. A class, because each stream holds it: a
/// reference is smaller than all it has.
package final class TelemetryService: TraksenseV1.TelemetryServiceProtocol {
  /// What is decided outside: how much a call may ask for, and what time it is.
  package struct Settings: Sendable {
    package var limits: TelemetryLimits
    package var clock: WallClock
    /// Hears of faults of this program that callers only see as INTERNAL.
    package var logger: Logger

    package init(limits: TelemetryLimits = TelemetryLimits(), clock: WallClock, logger: Logger) {
      self.limits = limits
      self.clock = clock
      self.logger = logger
    }
  }

  let tenants: any TenantDirectory
  let intake: any ReadingIntake
  let store: any ReadingStore
  let catalogue: any SensorCatalogue
  let hub: ReadingHub
  let settings: Settings
  let finder: SensorFinder
  let keptPoints: KeptPoints

  package init(
    tenants: any TenantDirectory, intake: any ReadingIntake, store: any ReadingStore,
    catalogue: any SensorCatalogue, assets: any AssetSensors, hub: ReadingHub,
    keptPoints: KeptPoints, settings: Settings
  ) {
    self.tenants = tenants
    self.intake = intake
    self.store = store
    self.catalogue = catalogue
    self.hub = hub
    self.settings = settings
    self.keptPoints = keptPoints
    finder = SensorFinder(
      catalogue: catalogue, assets: assets, limits: settings.limits, logger: settings.logger)
  }

  var limits: TelemetryLimits { settings.limits }

  /// What the caller hears of a store's failure; a fault of this program is logged.
  func failure(_ error: StoreError, _ context: ServerContext) -> RPCError {
    RPCError(error, in: context, retryAfter: limits.retryAfter, logger: settings.logger)
  }

  /// What the caller hears when its live stream does not start or go on.
  @inline(never)
  func failure(_ error: LiveError, _ context: ServerContext) -> RPCError {
    if case .store(let error) = error { return failure(error, context) }
    return RPCError(
      error, isLate: context.timeRemaining == .zero, retryAfter: limits.retryAfter)
  }
}
