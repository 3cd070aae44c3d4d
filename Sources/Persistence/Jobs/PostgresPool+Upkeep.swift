// SPDX-License-Identifier: Apache-2.0
import Domain

extension PostgresPool {
  /// Runs `body` while this session holds the lock on a tenant's upkeep: one job at a time for each tenant,
  /// on all nodes together. Its statements are not kept prepared: those of a thousand tenants would push out what
  /// callers ask again and again.
  /// - Parameter timeout: for each statement.
  /// - Returns: nil when somebody else has the lock.
  func withUpkeepLock<Value: Sendable>(
    on schema: TenantSchema, timeout: Duration,
    _ body: @Sendable (isolated PostgresConnection) throws(PostgresError) -> Value
  ) async throws(StoreError) -> Value? {
    let keys: [PostgresValue] = [
      .int4(AdvisoryLock.upkeep), .text(schema.identifier.name),
    ]
    return try await withConnection { connection throws(PostgresError) in
      do throws(PostgresError) {
        return try await connection.perform(timeout: timeout, remembersStatements: false) {
          connection throws(PostgresError) in
          let isMine = try connection.rows(
            Command("SELECT pg_try_advisory_lock($1, hashtext($2))", keys)
          ) { (row: borrowing PostgresRow) throws(PostgresError) in try row.bool(0) }
          guard isMine == [true] else { return nil }
          let value = try body(connection)
          try connection.query(Command("SELECT pg_advisory_unlock($1, hashtext($2))", keys))
          return value
        }
      } catch {
        // Ends the session, and with it the lock, whatever the error was.
        await connection.close()
        throw error
      }
    }
  }
}
