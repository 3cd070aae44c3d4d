// SPDX-License-Identifier: Apache-2.0
package import DedicatedThread
package import Domain

/// Makes and checks password hashes in Django's encodings, on threads of its own. New ones are scrypt;
/// `pbkdf2_sha256` is verified, so that existing users can sign in and get a new hash then.
package final class PasswordHasher: Sendable {
  private let pool: WorkerPool<DedicatedThread>
  private let cost: ScryptCost

  /// - Parameters:
  ///   - threads: how many hashes are made at once. Default 2: some 16 MiB and one core each.
  ///   - maxWaiting: how many callers may wait. Default 64: several seconds of waiting on a small
  ///     machine, beyond which nobody waits for an answer anyway.
  ///   - cost: of new hashes.
  package init(
    threads: Int = 2, maxWaiting: Int = 64, cost: ScryptCost = .standard
  ) throws(ThreadStartError) {
    pool = WorkerPool(try .threads(threads, named: "password"), maxWaiting: maxWaiting)
    self.cost = cost
  }

  /// Callers in line.
  package var waiting: Int { pool.waiting }

  /// A new hash with a salt of its own: 22 letters and digits, 131 bits.
  package func hash(_ password: PlainPassword) async throws(PasswordHashingError) -> PasswordHash {
    let bytes = Array(password.value.utf8)
    return try await run { [cost] () throws(CryptoError) in
      let salt = try SecureRandom.alphanumeric(22)
      let hash = try PasswordEncoding.scrypt(bytes, salt: salt, cost: cost)
      return PasswordHash(encoded: PasswordEncoding.text(cost, salt: salt, hash: hash))
    }
  }

  /// - Parameter stored: a stored hash. One that can never match (an unusable password, an unknown
  ///   encoding, a row that asks for too much work) costs as much as a new one, so that time does not tell.
  package func verify(
    _ password: PlainPassword, against stored: PasswordHash
  ) async throws(PasswordHashingError) -> Bool {
    guard let encoding = PasswordEncoding(stored.encoded) else {
      try await verifyNothing(password)
      return false
    }
    let bytes = Array(password.value.utf8)
    return try await run { () throws(CryptoError) in try encoding.matches(bytes) }
  }

  /// Does the work of a verification when there is nobody to verify, so that the time of an answer does
  /// not tell which users exist.
  package func verifyNothing(_ password: PlainPassword) async throws(PasswordHashingError) {
    let bytes = Array(password.value.utf8)
    _ = try await run { [cost] () throws(CryptoError) in
      try PasswordEncoding.scrypt(bytes, salt: "nobody-has-this-salt--", cost: cost)
    }
  }

  /// Runs a function when its turn has come. Once it runs, cancellation does not stop it.
  private func run<Value: Sendable>(
    _ body: @escaping @Sendable () throws(CryptoError) -> Value
  ) async throws(PasswordHashingError) -> Value {
    try await pool.withWorker(orThrow: { $0 == .busy ? PasswordHashingError.busy : .cancelled }) {
      thread throws(PasswordHashingError) in
      do throws(CryptoError) {
        return try await thread.run(body)
      } catch {
        throw .crypto(error)
      }
    }
  }

  /// Whether a hash that just verified should be replaced by a new one.
  package func needsRehash(_ stored: PasswordHash) -> Bool {
    switch PasswordEncoding(stored.encoded) {
    case .scrypt(let cost, _, _): cost != self.cost
    case .pbkdf2: true
    case nil: false
    }
  }
}

/// Why there is no answer about a password.
package enum PasswordHashingError: Error, Hashable, Sendable {
  /// Too many callers wait. Worth trying again, later.
  case busy
  /// The caller was cancelled before its turn.
  case cancelled
  case crypto(CryptoError)
}
