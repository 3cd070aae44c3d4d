// SPDX-License-Identifier: Apache-2.0

import Credentials
import Domain
import Logging
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

/// The service over ports in memory, called through the same router and bytes as on the wire.
struct ServiceFixture {
  /// 2026-01-01T00:00:00Z.
  static let now = Timestamp(microseconds: 1_767_225_600_000_000)
  static let key = "correct horse"

  /// Of tenants and API keys.
  let tenants = MemoryAccounts()
  let catalogue = MemoryCatalogue()
  let store = MemoryReadingStore(codec: JournalBlockCodec())
  let hub: ReadingHub
  let intake: MemoryIntake
  let queries: MemoryQueries
  let retention = MemoryTelemetrySettings()
  let client: TraksenseV1.TelemetryServiceClient
  let questions: TraksenseV1.TelemetryQueryServiceClient

  init(
    keys: [String] = [Self.key], limits: TelemetryLimits = TelemetryLimits(),
    live: LiveLimits = LiveLimits()
  ) {
    let clock = WallClock { Self.now }
    hub = ReadingHub(store: store, codec: JournalBlockCodec(), encoding: .protobuf, limits: live)
    intake = MemoryIntake(catalogue: catalogue, store: store, listener: hub, clock: clock)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    queries = MemoryQueries(catalogue: catalogue)
    let settings = TelemetryService.Settings(limits: limits, clock: clock, logger: logger)
    let keptPoints = KeptPoints(of: store, settings)
    let service = TelemetryService(
      tenants: tenants, intake: intake, store: store, catalogue: catalogue, assets: queries,
      hub: hub, keptPoints: keptPoints, settings: settings)
    let questioning = TelemetryQueryService(
      store: store, catalogue: catalogue, queries: queries, retention: retention,
      keptPoints: keptPoints, settings: settings)
    let authenticator = CallAuthenticator(
      tokens: AccessTokenSigner(keys: Self.signingKeys, clock: clock), sessions: tenants,
      apiKeys: tenants, ingestKeys: IngestKeys(keys, setting: "INGEST_KEY"), roles: ServiceRoles(),
      clock: clock)
    let gate = CallGate(tenants: tenants, authenticator: authenticator, logger: logger)
    let channel = InProcessChannel(
      router: RPCRouter([service, questioning], interceptors: [AccessInterceptor(gate)]))
    client = TraksenseV1.TelemetryServiceClient(channel: channel)
    questions = TraksenseV1.TelemetryQueryServiceClient(channel: channel)
    for (tenant, key) in Self.keys { tenants.addKey(key, to: tenant) }
  }

  /// API keys that may do everything, by tenant.
  static let keys = ["umc", "acme"].reduce(into: [String: APIKeyText]()) { keys, tenant in
    keys[tenant] = sample { try APIKeyText() }
  }

  private static let signingKeys = sample { try SigningKeys(AccountFixture.secret) }

  private static func sample<Value>(_ make: () throws -> Value) -> Value {
    do { return try make() } catch { preconditionFailure("bad sample: \(error)") }
  }

  /// A call with a tenant's API key; it names the tenant as well.
  static func options(of tenant: String) -> CallOptions {
    CallOptions(metadata: ["x-tenant": tenant, "x-api-key": keys[tenant]?.text ?? ""])
  }

  /// A call of tenant `umc`.
  static let umc = options(of: "umc")
  /// A call of tenant `umc` with the installation's key.
  static let installation = CallOptions(metadata: ["x-tenant": "umc", "x-api-key": key])

  /// A reading that is accepted: sensor 5 of ESP32-0, at `now` less `age` seconds.
  static func reading(age: Int64 = 0) -> TraksenseV1.Reading {
    TraksenseV1.Reading(
      deviceID: "ESP32-0", sensorID: "s-5", value: 21.5, unit: "%",
      timestamp: ProtoTimestamp(microseconds: now.microseconds - age * 1_000_000))
  }

  func ingest(
    _ readings: [TraksenseV1.Reading], tenant: String = "", options: CallOptions = installation
  ) async throws(RPCError) -> TraksenseV1.IngestResponse {
    try await client.ingest(
      TraksenseV1.IngestRequest(tenant: tenant, readings: readings), options: options)
  }

  func history(
    _ request: TraksenseV1.HistoryRequest, options: CallOptions = umc
  ) async throws(RPCError) -> [TraksenseV1.HistoryResponse] {
    var messages: [TraksenseV1.HistoryResponse] = []
    for try await message in try await client.history(request, options: options) {
      messages.append(message)
    }
    return messages
  }
}

/// What a call is expected to fail with.
struct Expected: Sendable, CustomTestStringConvertible {
  let code: StatusCode
  let field: String?

  init(_ code: StatusCode, _ field: String? = nil) {
    self.code = code
    self.field = field
  }

  var testDescription: String { "\(code) \(field ?? "")" }

  /// Runs `call` and compares its error.
  func check<Value>(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ call: () async throws(RPCError) -> Value
  ) async {
    do throws(RPCError) {
      _ = try await call()
      Issue.record("the call succeeded", sourceLocation: sourceLocation)
    } catch {
      #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
      #expect(error.violations.first?.field == field, "\(error)", sourceLocation: sourceLocation)
    }
  }
}
