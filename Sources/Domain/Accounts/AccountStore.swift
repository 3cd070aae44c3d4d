// SPDX-License-Identifier: Apache-2.0

/// People. Port: implemented by `Persistence`.
package protocol AccountStore: Sendable {
  /// - Returns: nil when nobody is called so; inactive people are found.
  func credentials(for name: LoginName) async throws(StoreError) -> StoredCredentials?

  func user(id: Int64) async throws(StoreError) -> UserAccount?

  /// The tenants that a user actively belongs to and that are not suspended, by name.
  func memberships(of user: Int64) async throws(StoreError) -> [TenantMembership]

  /// Makes tenant, schema, domains, owner and membership in one transaction.
  /// - Throws: `.taken` for `tenant_slug`, `domain`, `email` or `username`; `.invalid`.
  func register(
    _ tenant: NewTenant, owner: NewUser, by actor: AuditActor
  ) async throws(AccountError) -> Registration

  /// Makes a user who belongs to no tenant yet.
  /// - Throws: `.taken` for `email` or `username`.
  func create(_ user: NewUser, by actor: AuditActor) async throws(AccountError) -> UserAccount

  /// Applies `change` to the profile as it is now.
  /// - Returns: the user as stored.
  func updateProfile(
    of user: Int64, by actor: AuditActor, _ change: @escaping @Sendable (inout UserProfile) -> Void
  ) async throws(AccountError) -> UserAccount

  /// Sets the password and revokes every session of the user.
  func setPassword(
    of user: Int64, to hash: PasswordHash, by actor: AuditActor
  ) async throws(AccountError)

  /// Stores a stronger hash of the same password, unless the password was changed meanwhile.
  func upgradePassword(
    of user: Int64, from old: PasswordHash, to new: PasswordHash
  ) async throws(StoreError)

  /// - Parameter key: in the object store; nil: no picture.
  /// - Returns: the key that was there before.
  func setAvatar(
    of user: Int64, to key: String?, by actor: AuditActor
  ) async throws(AccountError) -> String?

  // MARK: Password reset

  /// Replaces earlier resets of the user.
  func requestReset(
    of user: Int64, digest: SecretDigest, expiresAt: Timestamp, mail: MailMessage,
    by actor: AuditActor
  ) async throws(AccountError)

  /// - Throws: `.notFound` for an unknown or used secret, `.expired`.
  func resetRequest(
    digest: SecretDigest, at now: Timestamp
  ) async throws(AccountError) -> UserAccount

  /// Uses the secret up, sets the password and revokes every session of the user.
  /// - Throws: `.notFound` for an unknown or used secret, `.expired`.
  func reset(
    digest: SecretDigest, to hash: PasswordHash, by actor: AuditActor
  ) async throws(AccountError) -> UserAccount
}

/// A user with what proves who they are.
package struct StoredCredentials: Sendable {
  package var user: UserAccount
  package var password: PasswordHash

  package init(user: UserAccount, password: PasswordHash) {
    self.user = user
    self.password = password
  }
}

/// A tenant and what somebody is there.
package struct TenantMembership: Hashable, Sendable {
  package var tenant: Tenant
  /// Host of the tenant; nil: it has none.
  package var primaryDomain: String?
  package var role: Role

  package init(tenant: Tenant, primaryDomain: String?, role: Role) {
    self.tenant = tenant
    self.primaryDomain = primaryDomain
    self.role = role
  }
}

/// What a user is made of.
package struct NewUser: Sendable {
  package var email: EmailAddress
  package var username: Username
  package var profile: UserProfile
  package var password: PasswordHash
  package var isStaff: Bool

  package init(
    email: EmailAddress, username: Username, profile: UserProfile, password: PasswordHash,
    isStaff: Bool = false
  ) {
    self.email = email
    self.username = username
    self.profile = profile
    self.password = password
    self.isStaff = isStaff
  }
}

/// What a registration made.
package struct Registration: Hashable, Sendable {
  package var tenant: Tenant
  /// The first of the tenant's hosts.
  package var primaryDomain: String
  package var owner: UserAccount

  package init(tenant: Tenant, primaryDomain: String, owner: UserAccount) {
    self.tenant = tenant
    self.primaryDomain = primaryDomain
    self.owner = owner
  }
}
