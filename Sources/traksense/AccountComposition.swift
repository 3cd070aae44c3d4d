// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Curl
import Domain
import Foundation
import Imaging
import Logging
import Mail
import ObjectStorage
import Persistence
import RESTBridge
import RPCRuntime
import Services

/// Builds what knows people: who is let in, their services, and the work behind them.
struct AccountComposition {
  let gate: CallGate
  let services: [any RPCService]
  /// nil: nothing sends mails; they wait.
  let courier: MailCourier?
  let cleaner: AccountCleaning
  let timeZones: TimeZoneNames
  let hosts: @Sendable (String) async -> HostKind

  init(
    _ people: PostgresAccounts, tenants: any TenantDirectory, keys: IngestKeys,
    _ configuration: Configuration, logger: Logger
  ) throws {
    let accounts = configuration.accounts
    guard let signing = accounts.signing else {
      throw ValidationError("\(Setting.secretKey.rawValue) is missing: \(Setting.secretKey.help)")
    }
    let tokens = AccessTokenSigner(keys: signing.keys, clock: .system)
    let client = try CurlClient()
    let objects = try Self.objects(configuration.media, client)
    timeZones = Self.timeZones(logger)
    var settings = AccountSettings(
      tenantBaseDomain: accounts.tenantBaseDomain, frontendURL: accounts.frontendURL,
      timeZones: timeZones)
    settings.allowsRegistration = accounts.allowsRegistration
    settings.scheme = configuration.web.redirectsToHTTPS ? "https" : "http"
    let desk = AccountDesk(
      ports: AccountPorts(
        accounts: people.accounts, sessions: people.sessions, team: people.team,
        apiKeys: people.apiKeys, loginGuard: people.loginGuard, registry: people.tenants),
      tokens: tokens, passwords: try PasswordHasher(),
      media: try MediaSigner(secret: signing.first.value),
      settings: settings, clock: .system, logger: logger)
    services = [
      AuthService(desk), AccountService(desk, objects: objects, encoder: try GDAvatarEncoder()),
      MediaService(desk, objects: objects), TeamService(desk), TenantService(desk),
    ]
    gate = CallGate(
      tenants: tenants, publicHosts: accounts.publicHosts,
      authenticator: CallAuthenticator(
        tokens: tokens, sessions: people.sessions, apiKeys: people.apiKeys, ingestKeys: keys,
        roles: ServiceRoles(accounts.serviceRoles), clock: .system),
      logger: logger)
    courier = try Self.transport(configuration.mail, client).map {
      MailCourier(outbox: people.outbox, transport: $0, clock: .system, logger: logger)
    }
    if courier == nil { logger.notice("mails wait: no EMAIL_HOST or EMAIL_DIRECTORY is set") }
    cleaner = AccountCleaning(cleaner: people.cleaner, logger: logger)
    hosts = { host in
      do throws(StoreError) {
        guard let tenant = try await tenants.tenant(host: host) else { return .unknown }
        return tenant.isSuspended ? .suspended : .tenant
      } catch {
        return .unavailable
      }
    }
  }

  private static func objects(
    _ media: MediaServing, _ client: CurlClient
  ) throws -> any ObjectStore {
    switch media {
    case .directory(let path): try DirectoryObjectStore(path: path)
    case .bucket(let bucket): S3ObjectStore(bucket, client: client)
    }
  }

  private static func transport(
    _ mail: MailServing, _ client: CurlClient
  ) throws -> (any MailTransport)? {
    switch mail {
    case .none: nil
    case .directory(let path, let sender):
      try DirectoryTransport(path: path, sender: sender, clock: .system)
    case .server(let server): SMTPTransport(server, client: client, clock: .system)
    }
  }

  private static func timeZones(_ logger: Logger) -> TimeZoneNames {
    let file = TimeZoneNames.systemFile
    guard let data = FileManager.default.contents(atPath: file) else {
      logger.warning("time zones cannot be checked: no tzdata", metadata: ["file": "\(file)"])
      return TimeZoneNames()
    }
    return TimeZoneNames(tzdata: String(decoding: data, as: UTF8.self))
  }
}
