// SPDX-License-Identifier: Apache-2.0

import Credentials
import Domain
import Logging
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

/// All services over ports in memory, behind the interceptor that decides who may call them, called
/// through the same router and bytes as on the wire.
struct AccountFixture {
  /// Everybody's password.
  static let password = "violet-kettle-9"
  /// Cheap: what a hash costs is not tested here.
  static let cost = ScryptCost(workFactor: 2, blockSize: 1, parallelism: 1)
  static let secret = "0123456789abcdef0123456789abcdef"

  let clock = TestClock()
  let accounts: MemoryAccounts
  let objects = MemoryObjects()
  let tokens: AccessTokenSigner
  let hasher: PasswordHasher
  let desk: AccountDesk
  let gate: CallGate
  let router: RPCRouter
  let channel: InProcessChannel

  init(
    roles: ServiceRoles = ServiceRoles(), hasher given: PasswordHasher? = nil,
    encoder: any AvatarEncoder = MemoryEncoder(),
    _ adjust: (inout AccountSettings) -> Void = { _ in }
  ) async throws {
    accounts = MemoryAccounts(clock: clock)
    hasher = try given ?? PasswordHasher(threads: 1, cost: Self.cost)
    tokens = AccessTokenSigner(keys: try SigningKeys(Self.secret), clock: clock.wall)
    var settings = AccountSettings(
      tenantBaseDomain: "localhost", frontendURL: "https://{tenant}.app.example.com",
      timeZones: TimeZoneNames(tzdata: "Z Europe/Lisbon 0 - LMT\nL Europe/Lisbon Portugal"))
    adjust(&settings)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    desk = AccountDesk(
      ports: AccountPorts(
        accounts: accounts, sessions: accounts, team: accounts, apiKeys: accounts,
        loginGuard: accounts, registry: accounts),
      tokens: tokens, passwords: hasher, media: try MediaSigner(secret: Self.secret),
      settings: settings, clock: clock.wall, logger: logger)
    gate = CallGate(
      tenants: accounts, publicHosts: ["app.example.com"],
      authenticator: CallAuthenticator(
        tokens: tokens, sessions: accounts, apiKeys: accounts,
        ingestKeys: IngestKeys([ServiceFixture.key], setting: "INGEST_KEY"),
        roles: roles, clock: clock.wall),
      logger: logger)
    router = RPCRouter(
      [
        AuthService(desk), AccountService(desk, objects: objects, encoder: encoder),
        MediaService(desk, objects: objects), TeamService(desk), TenantService(desk),
      ], interceptors: [AccessInterceptor(gate)])
    channel = InProcessChannel(router: router)
    try await populate()
  }

  /// Somebody of each role, status and kind: `owner@umc.example`, …, `suspended@umc.example`,
  /// `inactive@umc.example`, `nobody@umc.example` without a tenant, `owner@acme.example`.
  private func populate() async throws {
    for role in Role.allCases { try await add(role.rawValue, "umc", role) }
    try await add("suspended", "umc", .owner, .suspended)
    try await add("inactive", "umc", .owner, .inactive)
    try await add("nobody", "umc", nil)
    try await add("owner", "acme", .owner)
  }

  @discardableResult
  func add(
    _ name: String, _ tenant: String, _ role: Role?, _ status: MembershipStatus = .active
  ) async throws -> UserAccount {
    let email = try #require(EmailAddress("\(name)@\(tenant).example"))
    let username = try #require(Username("\(name)-\(tenant)"))
    let hash = try await hasher.hash(PlainPassword(Self.password))
    let now = clock.now
    return try accounts.changed { state throws(AccountError) in
      let user = try state.add(
        NewUser(email: email, username: username, profile: UserProfile(), password: hash), at: now)
      if let role {
        state.join(user.id, tenant == "umc" ? 1 : 2, role, at: now)
        state.memberships[state.memberships.count - 1].status = status
      }
      return user
    }
  }

  func user(_ name: String, _ tenant: String = "umc") -> UserAccount? {
    accounts.edit { state in
      state.users.first { $0.account.email.rawValue == "\(name)@\(tenant).example" }?.account
    }
  }

  private func tenant(_ slug: String) -> Tenant? {
    accounts.edit { $0.tenants.first { $0.tenant.slug.rawValue == slug }?.tenant }
  }

  /// An open session's tokens, whatever the membership says.
  func session(
    _ name: String, of tenant: String = "umc", in slug: String? = nil
  ) async throws -> (id: SessionID, access: String, refresh: String) {
    let user = try #require(self.user(name, tenant))
    let place = try #require(self.tenant(slug ?? tenant))
    let id = SessionID(text: try SecureRandom.uuid())
    let now = clock.now
    accounts.edit { state in
      state.sessions[id] = MemoryAccounts.Session(
        session: UserSession(
          id: id, user: user.id, tenant: place.id, createdAt: now, lastUsedAt: now,
          expiresAt: now.advanced(by: RefreshClaims.lifetime), origin: CallOrigin()))
    }
    let access = AccessClaims(
      subject: user.subject, tenantID: place.id, tenantSlug: place.slug, session: id,
      tokenID: "a", now: now)
    let refresh = RefreshClaims(
      subject: user.subject, tenantID: place.id, session: id, sequence: 0, tokenID: "r", now: now)
    return (id, try tokens.sign(access), try tokens.sign(refresh))
  }

  /// A key of a tenant with these scopes.
  func apiKey(_ scopes: Set<APIKeyScope>, of slug: String = "umc") async throws -> String {
    let key = try APIKeyText()
    let digest = try key.digest()
    let tenant = try #require(self.tenant(slug))
    _ = try await accounts.create(
      NewAPIKey(
        name: "k", prefix: key.prefix, digest: digest, scopes: scopes, expiresAt: nil),
      for: tenant, by: AuditActor(nil, origin: CallOrigin(), at: clock.now))
    return key.text
  }

  /// A call of somebody with a session, on their tenant's host.
  func options(
    _ name: String, of tenant: String = "umc", host: String? = nil
  ) async throws -> CallOptions {
    bearer(try await session(name, of: tenant).access, host: host ?? Self.host(tenant))
  }

  func bearer(_ token: String, host: String = "umc.localhost") -> CallOptions {
    CallOptions(metadata: ["authorization": "Bearer \(token)"], authority: host)
  }

  static func host(_ tenant: String) -> String {
    tenant == "umc" ? "umc.localhost" : "acme.example.com"
  }

  /// A call of nobody, on the host of `umc`.
  static let umc = CallOptions(authority: "umc.localhost")

  var auth: TraksenseV1.AuthServiceClient { .init(channel: channel) }
  var account: TraksenseV1.AccountServiceClient { .init(channel: channel) }
  var team: TraksenseV1.TeamServiceClient { .init(channel: channel) }
  var tenant: TraksenseV1.TenantServiceClient { .init(channel: channel) }
  var media: TraksenseV1.MediaServiceClient { .init(channel: channel) }

  /// The secret in the link of the newest mail.
  func mailedSecret() throws -> String {
    let text = try #require(accounts.edit { $0.mails.last?.message.body })
    let start = try #require(text.firstRange(of: "?token=")).upperBound
    return String(text[start...].prefix { !$0.isWhitespace })
  }
}

extension RPCError {
  /// The constant that says why credentials do not count.
  var reason: String? { details.reason?.reason }

  /// Names of all wrong fields, sorted.
  var fields: [String] { Set(violations.map(\.field)).sorted() }
}

/// The error of a call that must not succeed.
func refusal<Value>(
  sourceLocation: SourceLocation = #_sourceLocation,
  _ call: () async throws(RPCError) -> Value
) async -> RPCError {
  do throws(RPCError) {
    _ = try await call()
    Issue.record("the call succeeded", sourceLocation: sourceLocation)
    return RPCError(.unknown, "the call succeeded")
  } catch {
    return error
  }
}
