// SPDX-License-Identifier: Apache-2.0

import RESTBridge
import ServiceLifecycle
import Services
import TrakSenseAPI

/// Keeps the gRPC health statuses true. The server as a whole, and each service, can take calls when the
/// database answers: without the broker they still can. `database` and `mqtt` say which of the two is missing.
struct HealthMonitor: NamedService {
  /// How often it looks. Default 2 s: as often as an orchestrator probes.
  private static let interval = Duration.seconds(2)

  let statuses: HealthStatuses
  /// Names of the services that need the database.
  let services: [String]
  let report: @Sendable () async -> HealthReport

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        let report = await report()
        for service in services + ["", "database"] { set(report.database, service) }
        set(report.mqtt, "mqtt")
        do { try await Task.sleep(for: Self.interval) } catch { break }
      }
    }
    // Stopped before the server: callers look for another one before this one closes its connections.
    statuses.drain()
  }

  private func set(_ isServing: Bool, _ service: String) {
    statuses.set(isServing ? .serving : .notServing, for: service)
  }
}
