// SPDX-License-Identifier: Apache-2.0
import Domain

extension PostgresPool {
  /// Runs of a transaction that the server rolled back for a deadlock or a serialisation failure.
  private static let attempts = 5

  /// Makes a change in one transaction: it is committed when `body` succeeds, and leaves nothing behind when
  /// it refuses or fails. A value that is unique and exists already becomes a refusal that names it.
  /// - Parameter body: runs inside the transaction; several times when the server rolls that back.
  func change<Value: Sendable>(
    timeout: Duration? = nil,
    _ body:
      @Sendable (isolated PostgresConnection) throws(PostgresError) -> Result<
        Value, AccountError
      >
  ) async throws(AccountError) -> Value {
    let outcome: Result<Value, AccountError>
    do throws(StoreError) {
      outcome = try await run(timeout: timeout) { connection throws(PostgresError) in
        var attempt = 1
        while true {
          do throws(PostgresError) {
            try connection.query(.begin)
            let outcome = try body(connection)
            switch outcome {
            case .success: try connection.query(.commit)
            case .failure: try connection.query(.rollback)
            }
            return outcome
          } catch {
            if let refusal = AccountError(conflict: error) {
              try connection.run(script: "ROLLBACK")
              return .failure(refusal)
            }
            guard attempt < Self.attempts, error.isRetriable else { throw error }
            attempt += 1
            try connection.run(script: "ROLLBACK")
          }
        }
      }
    } catch {
      throw .store(error)
    }
    return try outcome.get()
  }
}

extension AccountError {
  /// unique_violation by the constraint's name; duplicate_schema.
  init?(conflict error: PostgresError) {
    switch (error.sqlState, error.constraint) {
    case ("23505", "accounts_user_email_key"): self = .taken(field: "email")
    case ("23505", "accounts_user_username_key"): self = .taken(field: "username")
    case ("23505", "tenants_domain_domain_key"): self = .taken(field: "domain")
    case ("23505", "tenants_tenant_slug_key"), ("23505", "tenants_tenant_schema_name_key"),
      ("42P06", _):
      self = .taken(field: "tenant_slug")
    case ("23505", "accounts_membership_user_tenant_key"): self = .alreadyMember
    case ("23505", "accounts_invite_pending_key"): self = .alreadyInvited
    default: return nil
    }
  }
}
