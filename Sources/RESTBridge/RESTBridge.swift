// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
package import RPCRuntime
import ServiceLifecycle
import TrakSenseAPI

/// The browser's way in: HTTP/1.1 with JSON and Server-Sent Events, answered by RPC calls on a channel.
/// It knows the messages of the API and nothing of who implements them.
package struct RESTBridge: Service {
  private let configuration: RESTBridgeConfiguration
  private let responder: BridgeResponder
  private let group: any EventLoopGroup
  private let logger: Logger
  private let onListening: @Sendable (Int) async -> Void

  /// - Parameters:
  ///   - channel: where RPC calls go.
  ///   - configuration: address, limits, origins, hosts, HTTPS, and where the page finds its chart library.
  ///   - hosts: tells what a host that is not public stands for, by its name in lower case, without port.
  ///     Asked for every request but those of health; the services find the tenant by themselves.
  ///   - access: what an RPC takes of its caller, for the OpenAPI document.
  ///   - health: asked at every `GET /health/`; should answer within a second.
  ///   - group: event loops; connections are spread over them.
  ///   - logger: one line at start and stop; an error for every request answered with 500.
  ///   - onListening: called once with the port bound.
  package init(
    channel: any RPCChannel, configuration: RESTBridgeConfiguration = RESTBridgeConfiguration(),
    hosts: @escaping @Sendable (String) async -> HostKind,
    access: @escaping @Sendable (MethodDescriptor) -> RouteAccess,
    health: @escaping @Sendable () async -> HealthReport, group: any EventLoopGroup,
    logger: Logger, onListening: @escaping @Sendable (Int) async -> Void = { _ in }
  ) {
    self.configuration = configuration
    self.group = group
    self.logger = logger
    self.onListening = onListening
    let limits = configuration.limits
    let calls = CallOptionsFactory(timeout: limits.callTimeout)
    let telemetry = TraksenseV1.TelemetryServiceClient(channel: channel)
    let bodies = BodyReader(limits: limits)
    let crossSite = CrossSitePolicy(allowedOrigins: configuration.allowedOrigins)
    let routes = BridgeRoutes(ProtobufSchema.trakSenseAPI.routes)
    let document = OpenAPIDocument(routes.listed, SchemaDescription.trakSenseAPI, access: access)
    responder = BridgeResponder(
      routes: routes,
      ingest: IngestRoute(
        telemetry: telemetry, calls: calls, bodies: bodies, crossSite: crossSite),
      latest: LatestRoute(telemetry: telemetry, calls: calls),
      history: HistoryRoute(telemetry: telemetry, calls: calls, limits: limits),
      stream: StreamRoute(
        telemetry: telemetry, calls: calls, limits: limits,
        quota: StreamQuota(maximum: limits.maxStreams)),
      avatar: AvatarRoute(
        accounts: TraksenseV1.AccountServiceClient(channel: channel), calls: calls,
        crossSite: crossSite, limits: limits),
      media: MediaRoute(media: TraksenseV1.MediaServiceClient(channel: channel), calls: calls),
      transcoder: Transcoder(
        channel: channel, calls: calls, bodies: bodies, crossSite: crossSite,
        cookies: SessionCookieWriter(isSecure: configuration.cookieSecure)),
      health: health,
      page: PageFiles(chartLibraryDirectory: configuration.chartLibraryDirectory),
      schema: SchemaRoute(document: document.json),
      hosts: HostGate(publicHosts: configuration.publicHosts, kind: hosts),
      proxies: TrustedProxies(configuration.trustedProxies),
      https: HTTPSPolicy(
        redirects: configuration.redirectsToHTTPS,
        strictTransportSeconds: configuration.hstsSeconds),
      cors: CORSPolicy(origins: configuration.allowedOrigins))
  }

  /// Serves until graceful shutdown: event streams are ended at once, other requests may finish within
  /// ``RESTBridgeLimits/drainGrace``.
  /// - Throws: what the system says when the address cannot be bound.
  package func run() async throws {
    let limits = configuration.limits
    let application = Application(
      responder: responder,
      server: .http1(
        configuration: HTTP1Channel.Configuration(
          additionalChannelHandlers: [StalledWriteHandler(limit: limits.writeStall)],
          idleTimeout: TimeAmount(limits.idleTimeout),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: limits.maxHeaderFieldBytes,
            maxHeaderListSize: limits.maxHeaderListBytes,
            maxHeaderFieldCount: limits.maxHeaderFields))),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port),
        availableConnectionsDelegate: MaximumAvailableConnections(
          limits.maxConnections, logger: logger)),
      onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
      eventLoopGroupProvider: .shared(group),
      logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await application.run() }
      tasks.addTask {
        try await gracefulShutdown()
        try await Task.sleep(for: limits.drainGrace)
      }
      // The first to finish decides: either all is served, or the grace period is over.
      try await tasks.next()
      tasks.cancelAll()
    }
    logger.info("stopped serving REST")
  }
}
