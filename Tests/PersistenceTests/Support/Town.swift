// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

/// People and tenants on a database of their own, with a clock that is moved by hand.
struct Town: Sendable {
  let database: TestDatabase
  let time: Time
  let stores: PostgresAccounts

  /// Other stores over the same database, as another process has them.
  func neighbour() -> PostgresAccounts {
    PostgresAccounts(migrator: database.migrator, clock: time.clock)
  }

  func actor(_ name: String = "command") -> AuditActor {
    AuditActor(
      name: name, origin: CallOrigin(address: "192.0.2.1", userAgent: "test"), at: time.now)
  }

  /// A tenant with an owner of its name: `acme` is owned by `acme@owners.example`.
  @discardableResult
  func register(_ slug: String) async throws -> Registration {
    try await stores.accounts.register(
      Self.tenant(slug), owner: Self.user(slug, "owners.example"), by: actor(""))
  }

  static func tenant(_ slug: String) throws -> NewTenant {
    NewTenant(
      slug: try #require(TenantSlug(slug)), name: slug.uppercased(),
      domains: ["\(slug).localhost"])
  }

  static func email(_ text: String) throws -> EmailAddress { try #require(EmailAddress(text)) }

  static func user(_ name: String, _ host: String = "people.example") throws -> NewUser {
    NewUser(
      email: try email("\(name)@\(host)"), username: try #require(Username(name)),
      profile: UserProfile(), password: PasswordHash(encoded: "hash of \(name)"))
  }

  /// A member with an account of that name.
  func join(_ name: String, _ tenant: Tenant, as role: Role) async throws -> Member {
    let user = try await stores.accounts.create(Self.user(name), by: actor())
    try await stores.tenants.addMember(
      user: user.id, to: tenant.slug, role: role, by: actor())
    return try #require(try await stores.team.member(user: user.id, of: tenant))
  }

  /// An open session, valid for an hour.
  func signIn(_ user: Int64, _ tenant: Tenant, id: String) async throws -> SessionID {
    let session = UserSession(
      id: SessionID(text: id), user: user, tenant: tenant.id, createdAt: time.now,
      lastUsedAt: time.now, expiresAt: time.now + 3_600, origin: actor().origin)
    try await stores.sessions.open(session, by: actor("user:\(user)"))
    return session.id
  }

  func count(_ table: String, where condition: String = "true") async throws -> Int64? {
    try await database.integer("SELECT count(*) FROM public.\(table) WHERE \(condition)")
  }

  /// How often an action was written down.
  func audited(_ action: AuditEvent.Action) async throws -> Int64? {
    try await count("accounts_audit", where: "action = '\(action.rawValue)'")
  }

  static func digest(_ byte: UInt8) -> SecretDigest {
    SecretDigest(bytes: [UInt8](repeating: byte, count: 32))
  }

  static func mail(_ recipient: String, _ text: String = "secret link") throws -> MailMessage {
    MailMessage(recipient: try email(recipient), subject: "Subject", body: text)
  }
}

/// Runs `body` in a town of its own.
func withTown(limits: PoolLimits = PoolLimits(), _ body: (Town) async throws -> Void) async throws {
  try await withDatabase(limits: limits) { database throws in
    let time = Time()
    try await body(
      Town(
        database: database, time: time,
        stores: PostgresAccounts(migrator: database.migrator, clock: time.clock)))
  }
}

/// The outcomes of doing something several times at once.
func atOnce<Value: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Value
) async -> [Result<Value, any Error>] {
  await withTaskGroup(of: Result<Value, any Error>.self) { group in
    for number in 0..<count {
      group.addTask {
        do { return .success(try await body(number)) } catch { return .failure(error) }
      }
    }
    var outcomes: [Result<Value, any Error>] = []
    for await outcome in group { outcomes.append(outcome) }
    return outcomes
  }
}

/// What was refused, and why.
func accountErrors<Value>(_ outcomes: [Result<Value, any Error>]) -> [AccountError] {
  outcomes.compactMap { outcome in
    if case .failure(let error) = outcome { error as? AccountError } else { nil }
  }
}
