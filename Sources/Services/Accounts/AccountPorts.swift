// SPDX-License-Identifier: Apache-2.0

package import Domain

/// What the services of accounts, teams and tenants work on.
package struct AccountPorts: Sendable {
  package var accounts: any AccountStore
  package var sessions: any SessionStore
  package var team: any TeamStore
  package var apiKeys: any APIKeyStore
  package var loginGuard: any LoginGuard
  package var registry: any TenantRegistry

  package init(
    accounts: any AccountStore, sessions: any SessionStore, team: any TeamStore,
    apiKeys: any APIKeyStore, loginGuard: any LoginGuard, registry: any TenantRegistry
  ) {
    self.accounts = accounts
    self.sessions = sessions
    self.team = team
    self.apiKeys = apiKeys
    self.loginGuard = loginGuard
    self.registry = registry
  }
}
