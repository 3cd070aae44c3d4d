// SPDX-License-Identifier: Apache-2.0

import AdminServer
import Credentials
import Domain
import Ingest
import Logging
import NIOCore
import NIOPosix
import Persistence
import Prometheus
import RESTBridge
import RPCRuntime
import ServiceLifecycle
import Services
import TrakSenseAPI
import UnixSignals

/// Where concrete types meet: builds the server from its configuration and runs it.
struct Composition: Sendable {
  private let pool: PostgresPool
  private let hub: ReadingHub
  private let subscriber: MQTTSubscriber
  private let server: RPCServer
  private let bridge: RESTBridge
  private let admin: AdminServer
  private let adminAddress: ListenAddress
  private let rpcListeners: [ListenerConfiguration]
  private let monitor: HealthMonitor
  private let courier: MailCourier?
  private let cleaner: AccountCleaning
  private let sweeper: StreamSweeper
  private let jobs: JobRunner
  private let httpAddress: ListenAddress
  private let logger: Logger

  init(_ configuration: Configuration, logger: Logger) throws {
    let database = try Database(configuration)
    let codec = JournalBlockCodec()
    let store = PostgresReadingStore(pool: database.pool, codec: codec)
    let tenants = database.people.directory
    let catalogue = PostgresSensorCatalogue(pool: database.pool)
    let hub = ReadingHub(store: store, codec: codec, encoding: .protobuf)
    jobs = Self.jobs(on: database.pool, tenants: database.people.tenants, logger: logger)
    let intake = TelemetryIntake(
      tenants: tenants, catalogue: catalogue, store: store,
      listener: CommitListeners([hub, jobs]), clock: .system)
    let subscriber = try MQTTSubscriber(
      configuration: MQTTSubscriberConfiguration(
        endpoint: configuration.mqtt, clientID: configuration.mqttClientID,
        group: configuration.mqttGroup),
      intake: intake, logger: logger)
    let keys = IngestKeys(
      configuration.ingestKey.map { [$0.value] } ?? [], setting: Setting.ingestKey.rawValue)
    let queries = PostgresTelemetryQueries(pool: database.pool)
    let settings = TelemetryService.Settings(clock: .system, logger: logger)
    let keptPoints = KeptPoints(of: store, settings)
    let telemetry = TelemetryService(
      tenants: tenants, intake: intake, store: store, catalogue: catalogue, assets: queries,
      hub: hub, keptPoints: keptPoints, settings: settings)
    let questions = TelemetryQueryService(
      store: store, catalogue: catalogue, queries: queries,
      retention: PostgresTelemetrySettings(pool: database.pool), keptPoints: keptPoints,
      settings: settings)
    let people = try AccountComposition(
      database.people, tenants: tenants, keys: keys, configuration, logger: logger)
    let observability = Observability(logger: logger)
    let statuses = HealthStatuses(["": .notServing])
    let desk = CatalogueDesk(
      sites: PostgresSiteStore(pool: database.pool),
      assets: PostgresAssetStore(pool: database.pool),
      devices: PostgresDeviceStore(pool: database.pool),
      sensors: PostgresSensorStore(pool: database.pool), intake: intake, statuses: queries,
      timeZones: people.timeZones, clock: .system, logger: logger)
    let services: [any RPCRuntime.RPCService] =
      [
        telemetry, questions, HealthService(statuses), SiteService(desk), AssetService(desk),
        DeviceService(desk), SensorService(desk),
      ] + people.services
    let reflection = ReflectionService(of: services, files: ProtobufSchema.trakSenseAPI.files)
    let router = RPCRouter(
      services + [reflection],
      interceptors: [TracingInterceptor(), ErrorDetailsInterceptor()] + observability.interceptors
        + [
          AccessInterceptor(people.gate), ChangeNotes(for: jobs),
          TenantLimitInterceptor(limits: configuration.tenantLimits),
          DeadlineInterceptor(),
        ], observer: observability.observer)
    let group = MultiThreadedEventLoopGroup.singleton
    let pool = database.pool
    let health: @Sendable () async -> HealthReport = {
      HealthReport(database: await Self.answers(pool), mqtt: subscriber.counters.isConnected)
    }
    monitor = HealthMonitor(
      statuses: statuses, services: Set(telemetry.handlers.map(\.method.service)).sorted(),
      report: health)
    bridge = RESTBridge(
      channel: TracingChannel(InProcessChannel(router: router)),
      configuration: RESTBridgeConfiguration(
        host: configuration.http.host, port: configuration.http.port,
        allowedOrigins: configuration.corsOrigins,
        publicHosts: configuration.accounts.publicHosts,
        trustedProxies: configuration.web.trustedProxies,
        cookieSecure: configuration.web.cookieSecure,
        redirectsToHTTPS: configuration.web.redirectsToHTTPS,
        hstsSeconds: configuration.web.hstsSeconds,
        chartLibraryDirectory: configuration.chartDirectory),
      hosts: people.hosts,
      access: { RouteAccess(PermissionTable.permission(for: $0)) }, health: health, group: group,
      logger: logger)
    admin = AdminServer(
      host: configuration.admin.host, port: configuration.admin.port,
      metricsType: PrometheusRegistry.contentType, metrics: { observability.registry.text },
      checks: { [AdminServer.Check("database", passes: await Self.answers(pool))] },
      group: group, logger: logger)
    var limits = ServerLimits()
    // Process managers (Docker for one) kill what has not ended after 10 s.
    limits.drainGrace = .seconds(6)
    configuration.rpcServing.apply(to: &limits)
    server = RPCServer(
      router: router, limits: limits, allowedOrigins: configuration.corsOrigins, group: group,
      logger: logger)
    observability.watch(server, pool, subscriber)
    observability.watch(jobs)
    courier = people.courier
    cleaner = people.cleaner
    sweeper = StreamSweeper(people.gate, logger: logger)
    self.pool = pool
    self.hub = hub
    self.subscriber = subscriber
    self.logger = logger
    let rpc = ServerAddress.tcp(host: configuration.rpc.host, port: configuration.rpc.port)
    rpcListeners = [ListenerConfiguration(rpc)] + (try configuration.rpcServing.listeners())
    httpAddress = configuration.http
    adminAddress = configuration.admin
  }

  /// Serves until SIGTERM or SIGINT, or until one part fails.
  /// - Parameter companions: further services that live as long.
  func run(with companions: [any Service] = []) async throws {
    // Keeps the live streams complete.
    let live = BackgroundService { [hub] in await hub.run() }
    let background: [any Service] = [
      cleaner, BackgroundService { [sweeper] in await sweeper.run() },
      BackgroundService { [jobs] in await jobs.run() }, monitor,
    ]
    let mails = courier.map { courier in BackgroundService { await courier.run() } }
    // Stopped in reverse: first no more input, then the live streams, which would keep their servers
    // from ending, at last the database.
    let services: [any Service] =
      [
        PoolService(pool: pool), AdminService(server: admin, address: adminAddress),
        RPCService(server: server, listeners: rpcListeners),
        BridgeService(bridge: bridge, address: httpAddress), live,
        SubscriberService(subscriber: subscriber),
      ] + background + (mails.map { [$0] } ?? []) + certificateServices + companions
    var configuration = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(60)
    try await ServiceGroup(configuration: configuration).run()
  }

  /// What is done for every tenant again and again.
  private static func jobs(
    on pool: PostgresPool, tenants: any TenantRegistry, logger: Logger
  ) -> JobRunner {
    JobRunner(
      jobs: [
        RollupJob(pool: pool, clock: .system), StatusJob(pool: pool, clock: .system),
        JournalJob(pool: pool, clock: .system), RetentionJob(pool: pool, clock: .system),
      ],
      tenants: { () async throws(StoreError) in try await tenants.tenants().map(\.tenant) },
      logger: logger)
  }

  /// None without TLS: then SIGHUP ends the process, as that of a terminal should.
  private var certificateServices: [any Service] {
    let usesTLS = rpcListeners.contains { if case .tls = $0.security { true } else { false } }
    return usesTLS ? [CertificateService(server: server)] : []
  }

  private static func answers(_ pool: PostgresPool) async -> Bool {
    do {
      _ = try await pool.run(timeout: .seconds(2)) { connection throws(PostgresError) in
        try connection.query(Command("SELECT 1"))
      }
      return true
    } catch {
      return false
    }
  }
}

/// Closes the pool when everything that uses it has stopped.
private struct PoolService: NamedService {
  let pool: PostgresPool

  func run() async throws {
    try await gracefulShutdown()
    await pool.close()
  }
}

private struct RPCService: NamedService {
  let server: RPCServer
  /// The cleartext one first.
  let listeners: [ListenerConfiguration]

  func run() async throws {
    do {
      try await server.start(listeners)
    } catch let failure as ListenFailure {
      throw ListenError(setting(of: failure.address), failure.address, failure.cause)
    }
    try await gracefulShutdown()
    await server.shutdown()
  }

  private func setting(of address: ServerAddress) -> Setting {
    if case .unix = address { return .rpcUnixSocket }
    return address == listeners.first?.address ? .rpcListen : .rpcTLSListen
  }
}

/// Reads the certificates anew on SIGHUP, as service managers ask for it.
private struct CertificateService: NamedService {
  let server: RPCServer

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sighup)
    await cancelWhenGracefulShutdown {
      for await _ in signals { server.reloadCertificates() }
    }
  }
}

private struct BridgeService: NamedService {
  let bridge: RESTBridge
  let address: ListenAddress

  func run() async throws {
    do {
      try await bridge.run()
    } catch let error as IOError {
      throw ListenError(.httpListen, address, error)
    }
  }
}

/// Answers until everything but the database has stopped.
private struct AdminService: NamedService {
  let server: AdminServer
  let address: ListenAddress

  func run() async throws {
    do {
      try await server.run()
    } catch let error as IOError {
      throw ListenError(.adminListen, address, error)
    }
  }
}

private struct SubscriberService: NamedService {
  let subscriber: MQTTSubscriber

  func run() async throws {
    await withGracefulShutdownHandler {
      await subscriber.run()
    } onGracefulShutdown: {
      subscriber.stop()
    }
  }
}
