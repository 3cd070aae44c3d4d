// SPDX-License-Identifier: Apache-2.0
package import Domain

/// All stores of people and tenants over one pool, knowing of each other's changes.
package struct PostgresAccounts: Sendable {
  package let directory: PostgresTenantDirectory
  package let accounts: PostgresAccountStore
  package let sessions: PostgresSessionStore
  package let loginGuard: PostgresLoginGuard
  package let team: PostgresTeamStore
  package let apiKeys: PostgresAPIKeyStore
  package let tenants: PostgresTenantRegistry
  package let outbox: PostgresOutbox
  package let cleaner: AccountCleaner

  package init(migrator: Migrator, clock: WallClock, lockout: LockoutPolicy = LockoutPolicy()) {
    let pool = migrator.pool
    let memory = AccountMemory(clock: clock)
    let provisioner = TenantProvisioner(migrator: migrator)
    directory = PostgresTenantDirectory(pool: pool, clock: clock)
    accounts = PostgresAccountStore(provisioner: provisioner, memory: memory)
    sessions = PostgresSessionStore(pool: pool, memory: memory, clock: clock)
    loginGuard = PostgresLoginGuard(pool: pool, policy: lockout)
    team = PostgresTeamStore(pool: pool, memory: memory)
    apiKeys = PostgresAPIKeyStore(pool: pool, memory: memory)
    tenants = PostgresTenantRegistry(
      provisioner: provisioner, directory: directory, memory: memory)
    outbox = PostgresOutbox(pool: pool)
    cleaner = AccountCleaner(pool: pool)
  }
}
