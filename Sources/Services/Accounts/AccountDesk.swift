// SPDX-License-Identifier: Apache-2.0

package import Credentials
package import Domain
package import Logging
import RPCRuntime

/// What the services of accounts, teams and tenants share: ports, secrets, settings and the time. One for
/// all of them, so that throttles count together.
package final class AccountDesk: Sendable {
  let ports: AccountPorts
  let tokens: AccessTokenSigner
  let passwords: PasswordHasher
  let media: MediaSigner
  let settings: AccountSettings
  let mails: AccountMails
  let clock: WallClock
  let logger: Logger

  /// By client address.
  let registrations: CallThrottle
  /// By client address.
  let logins: CallThrottle
  /// By client address and by mail address.
  let resets: CallThrottle

  /// - Parameters:
  ///   - ports: what is worked on.
  ///   - tokens: writes and checks tokens.
  ///   - passwords: makes and checks hashes.
  ///   - media: signs the URLs of pictures.
  ///   - settings: what is decided outside.
  ///   - clock: the time.
  ///   - logger: hears of faults of this program that callers only see as INTERNAL.
  package init(
    ports: AccountPorts, tokens: AccessTokenSigner, passwords: PasswordHasher, media: MediaSigner,
    settings: AccountSettings, clock: WallClock, logger: Logger
  ) {
    self.ports = ports
    self.tokens = tokens
    self.passwords = passwords
    self.media = media
    self.settings = settings
    self.clock = clock
    self.logger = logger
    mails = AccountMails(frontendURL: settings.frontendURL)
    registrations = CallThrottle(limit: settings.registrationsPerHour, window: .seconds(3_600))
    logins = CallThrottle(limit: settings.loginsPerMinute, window: .seconds(60))
    resets = CallThrottle(limit: settings.resetsPerHour, window: .seconds(3_600))
  }

  var now: Timestamp { clock.now() }

  /// Who does something, for the audit.
  /// - Parameter user: somebody who proves themselves in this very call; nil: the call's principal.
  func actor(_ context: ServerContext, user: Int64? = nil) -> AuditActor {
    let origin = CallOrigin(context)
    if let user { return AuditActor(name: "user:\(user)", origin: origin, at: now) }
    return AuditActor(context[CallPrincipal.self], origin: origin, at: now)
  }

  /// Counts a call.
  /// - Throws: RESOURCE_EXHAUSTED, with the time after which to try again.
  func admit(_ name: String, _ throttle: CallThrottle) throws(RPCError) {
    guard let wait = throttle.enter(name, at: now) else { return }
    throw RPCError(.resourceExhausted, "Too many attempts. Try again later.", retryAfter: wait)
  }

  // MARK: Failures

  func failure(_ error: StoreError, _ context: ServerContext) -> RPCError {
    RPCError(error, in: context, retryAfter: settings.retryAfter, logger: logger)
  }

  func failure(
    _ error: AccountError, about subject: AccountErrorSubject = .id, _ context: ServerContext
  ) -> RPCError {
    RPCError(
      error, about: subject, in: context, retryAfter: settings.retryAfter, logger: logger)
  }

  func failure(_ error: PasswordHashingError, _ context: ServerContext) -> RPCError {
    switch error {
    case .busy:
      RPCError(
        .unavailable, "Too many people are signing in. Try again later.",
        retryAfter: settings.retryAfter)
    case .cancelled: failure(StoreError.cancelled, context)
    case .crypto(let error): failure(error, context)
    }
  }

  func failure(_ error: CryptoError, _ context: ServerContext) -> RPCError {
    logger.error(
      "libcrypto failed",
      metadata: ["rpc.method": "\(context.method.path)", "error": "\(error)"])
    return RPCError(.internalError, "internal error")
  }

  // MARK: Ports, with their errors mapped

  func stored<Value: Sendable>(
    _ context: ServerContext, _ body: () async throws(StoreError) -> Value
  ) async throws(RPCError) -> Value {
    do throws(StoreError) { return try await body() } catch { throw failure(error, context) }
  }

  func changed<Value: Sendable>(
    _ context: ServerContext, about subject: AccountErrorSubject = .id,
    _ body: () async throws(AccountError) -> Value
  ) async throws(RPCError) -> Value {
    do throws(AccountError) {
      return try await body()
    } catch {
      throw failure(error, about: subject, context)
    }
  }

  func hash(
    _ password: PlainPassword, _ context: ServerContext
  ) async throws(RPCError) -> PasswordHash {
    do throws(PasswordHashingError) {
      return try await passwords.hash(password)
    } catch {
      throw failure(error, context)
    }
  }

  /// - Parameter stored: nil: nobody's; then it takes as long all the same.
  func matches(
    _ password: PlainPassword, _ stored: PasswordHash?, _ context: ServerContext
  ) async throws(RPCError) -> Bool {
    do throws(PasswordHashingError) {
      if let stored { return try await passwords.verify(password, against: stored) }
      try await passwords.verifyNothing(password)
      return false
    } catch {
      throw failure(error, context)
    }
  }

  /// Whoever calls, as stored.
  /// - Throws: UNAUTHENTICATED when the account is gone.
  func user(_ id: Int64, _ context: ServerContext) async throws(RPCError) -> UserAccount {
    let user = try await stored(context) { () async throws(StoreError) in
      try await ports.accounts.user(id: id)
    }
    guard let user else { throw .unauthenticated(.sessionEnded) }
    return user
  }

  /// A secret for a link, and what is stored of it.
  func secret(_ context: ServerContext) throws(RPCError) -> (text: String, digest: SecretDigest) {
    do throws(CryptoError) {
      let text = try SecureRandom.token()
      return (text, SecretDigest(bytes: try Digest.sha256(text)))
    } catch {
      throw failure(error, context)
    }
  }

  func digest(of secret: String, _ context: ServerContext) throws(RPCError) -> SecretDigest {
    do throws(CryptoError) {
      return SecretDigest(bytes: try Digest.sha256(secret))
    } catch {
      throw failure(error, context)
    }
  }
}
