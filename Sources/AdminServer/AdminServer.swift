// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import ServiceLifecycle

/// What operators' tools ask a process, on a port of its own: `/metrics`, `/healthz`, `/readyz`.
package struct AdminServer: Service {
  /// Something the process cannot work without.
  package struct Check: Hashable, Sendable {
    package var name: String
    package var passes: Bool

    package init(_ name: String, passes: Bool) {
      self.name = name
      self.passes = passes
    }
  }

  /// Connections open at once: a few scrapers and probes.
  private static let maxConnections = 100
  /// How long a connection may be silent: four times the usual pause between two scrapes.
  private static let idleTimeout = TimeAmount.seconds(60)

  private let host: String
  private let port: Int
  private let responder: AdminResponder
  private let group: any EventLoopGroup
  private let logger: Logger
  private let onListening: @Sendable (Int) async -> Void

  /// - Parameters:
  ///   - host: address to bind; what is served here is for operators only.
  ///   - port: 0 picks a free one.
  ///   - metricsType: `Content-Type` of the metrics.
  ///   - metrics: the text of `/metrics`.
  ///   - checks: asked at every `GET /readyz`; should answer within a second.
  ///   - group: event loops.
  ///   - logger: one line at start and stop.
  ///   - onListening: called once with the port bound.
  package init(
    host: String, port: Int, metricsType: String, metrics: @escaping @Sendable () -> String,
    checks: @escaping @Sendable () async -> [Check], group: any EventLoopGroup, logger: Logger,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in }
  ) {
    self.host = host
    self.port = port
    self.group = group
    self.logger = logger
    self.onListening = onListening
    responder = AdminResponder(metricsType: metricsType, metrics: metrics, checks: checks)
  }

  /// Serves until graceful shutdown.
  /// - Throws: what the system says when the address cannot be bound.
  package func run() async throws {
    // Hummingbird calls it an error when it is cancelled, because another part of the process failed.
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .critical)
    let application = Application(
      responder: responder,
      server: .http1(configuration: HTTP1Channel.Configuration(idleTimeout: Self.idleTimeout)),
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: port),
        availableConnectionsDelegate: MaximumAvailableConnections(
          Self.maxConnections, logger: quiet)),
      onServerRunning: { channel in
        let bound = channel.localAddress?.port ?? port
        logger.info("serving admin requests", metadata: ["host": "\(host)", "port": "\(bound)"])
        await onListening(bound)
      },
      eventLoopGroupProvider: .shared(group), logger: quiet)
    try await application.run()
    logger.info("stopped serving admin requests")
  }
}
