// SPDX-License-Identifier: Apache-2.0

import Domain
import Services
import Synchronization

/// People, teams, tenants, keys, sessions and mails in memory: all account ports over one state, with the
/// rules of the real stores.
final class MemoryAccounts: Sendable {
  struct User {
    var account: UserAccount
    var password: PasswordHash
  }

  struct Session {
    var session: UserSession
    var seq: Int64 = 0
    var isRevoked = false
  }

  struct StoredInvite {
    var invite: Invite
    var digest: SecretDigest
  }

  struct Reset {
    var user: Int64
    var expiresAt: Timestamp
  }

  struct Mail {
    var message: MailMessage
    var attempts = 0
    var dueAt: Timestamp
    var isSent = false
    var isGivenUp = false
  }

  struct Failures {
    var count = 0
    var lockedUntil: Timestamp?
  }

  struct State {
    var tenants: [TenantRecord] = []
    var users: [User] = []
    var memberships: [Membership] = []
    var sessions: [SessionID: Session] = [:]
    var invites: [StoredInvite] = []
    var resets: [SecretDigest: Reset] = [:]
    var keys: [StoredAPIKey] = []
    var mails: [Mail] = []
    var audit: [AuditEvent] = []
    var failures: [String: Failures] = [:]
    /// Thrown instead of every answer of any port.
    var failure: StoreError?
    var nextID: Int64 = 1
    /// Calls of `grant` and `find`.
    var lookups = 0
  }

  /// Failures after which a name is locked, and for how long.
  static let maxFailures = 5
  static let lockout: Duration = .seconds(900)

  private let state = Mutex(State())
  let clock: TestClock

  /// Knows `umc` (host `umc.localhost`) and `acme` (host `acme.example.com`).
  init(clock: TestClock = TestClock()) {
    self.clock = clock
    edit { state in
      state.tenants = [("umc", "umc.localhost"), ("acme", "acme.example.com")].enumerated().map {
        TenantRecord(
          tenant: .sample(Int64($0.offset + 1), $0.element.0), domains: [$0.element.1],
          createdAt: ServiceFixture.now, suspendedAt: nil, members: 0)
      }
      state.nextID = 3
    }
  }

  func edit<Value: Sendable, Failure: Error>(
    _ body: (inout State) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try state.withLock { state throws(Failure) in try body(&state) }
  }

  /// Makes every port fail.
  func fail(_ error: StoreError?) {
    edit { $0.failure = error }
  }

  /// As ``edit(_:)``, unless the ports are to fail.
  func asked<Value: Sendable>(
    _ body: (inout State) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    try edit { state throws(StoreError) in
      if let failure = state.failure { throw failure }
      return try body(&state)
    }
  }

  /// A change that happens as a whole or not at all.
  func changed<Value: Sendable>(
    _ body: (inout State) throws(AccountError) -> Value
  ) throws(AccountError) -> Value {
    try edit { state throws(AccountError) in
      if let failure = state.failure { throw .store(failure) }
      var copy = state
      let value = try body(&copy)
      state = copy
      return value
    }
  }

  func audited(_ action: AuditEvent.Action) -> [AuditEvent] {
    edit { $0.audit.filter { $0.action == action } }
  }

  /// Suspends a tenant, or ends that.
  func suspend(_ slug: String, _ isSuspended: Bool = true) {
    edit { state in
      for index in state.tenants.indices where state.tenants[index].tenant.slug.rawValue == slug {
        let old = state.tenants[index].tenant
        state.tenants[index].tenant = Tenant(
          id: old.id, slug: old.slug, schema: old.schema, name: old.name, isSuspended: isSuspended)
      }
    }
  }
}

extension MemoryAccounts.State {
  mutating func newID() -> Int64 {
    defer { nextID += 1 }
    return nextID
  }

  func tenant(_ id: Int64) -> Tenant? { tenants.first { $0.tenant.id == id }?.tenant }

  func user(_ id: Int64) -> MemoryAccounts.User? { users.first { $0.account.id == id } }

  func membership(_ user: Int64, _ tenant: Int64) -> Membership? {
    memberships.first { $0.user == user && $0.tenant == tenant }
  }

  /// A session that counts now.
  func grant(_ id: SessionID, _ tenant: Int64, at now: Timestamp) -> SessionGrant? {
    guard let session = sessions[id], !session.isRevoked, session.session.tenant == tenant,
      now < session.session.expiresAt, let tenant = self.tenant(tenant), !tenant.isSuspended,
      let user = user(session.session.user)?.account, user.isActive,
      let membership = membership(user.id, tenant.id), membership.status == .active
    else { return nil }
    return SessionGrant(
      session: id, user: user.id, subject: user.subject, tenant: tenant, role: membership.role)
  }

  mutating func revoke(where matches: (UserSession) -> Bool) -> Int {
    var count = 0
    for (id, session) in sessions where !session.isRevoked && matches(session.session) {
      sessions[id]?.isRevoked = true
      count += 1
    }
    return count
  }

  mutating func note(
    _ action: AuditEvent.Action, tenant: Int64? = nil, subject: String = "", by actor: AuditActor
  ) {
    audit.append(
      AuditEvent(
        id: newID(), at: actor.at, action: action, tenant: tenant, actor: actor.name,
        subject: subject, origin: actor.origin, detail: ""))
  }

  mutating func post(_ message: MailMessage, at now: Timestamp) {
    mails.append(MemoryAccounts.Mail(message: message, dueAt: now))
  }
}

extension MemoryAccounts: TenantDirectory {
  func tenant(slug: TenantSlug) async throws(StoreError) -> Tenant? {
    try asked { $0.tenants.first { $0.tenant.slug == slug }?.tenant }
  }

  func tenant(host: String) async throws(StoreError) -> Tenant? {
    try asked { $0.tenants.first { $0.domains.contains(host) }?.tenant }
  }
}

extension MemoryAccounts {
  /// A key with all scopes.
  func addKey(_ text: APIKeyText, to slug: String) {
    edit { state in
      guard let tenant = state.tenants.first(where: { $0.tenant.slug.rawValue == slug })?.tenant,
        let digest = try? text.digest()
      else { return }
      let key = APIKey(
        id: state.newID(), tenant: tenant.id, name: "all", prefix: text.prefix,
        scopes: Set(APIKeyScope.allCases), createdAt: clock.now)
      state.keys.append(StoredAPIKey(key: key, tenant: tenant, digest: digest))
    }
  }
}
