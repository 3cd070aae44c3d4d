// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Deletes what live streams can no longer be resumed from: journal rows of more than 72 hours ago.
package struct JournalJob: TenantJob {
  package let name = "journal"
  package let interval: Duration
  package let deletesData = true
  private let pool: PostgresPool
  private let clock: WallClock
  private let age: Duration
  private let rowsPerTurn: Int

  /// - Parameters:
  ///   - age: how long rows are kept. Default 72 hours.
  ///   - rowsPerTurn: bounds the work of one turn. Default 5,000.
  package init(
    pool: PostgresPool, clock: WallClock, age: Duration = .seconds(72 * 3_600),
    interval: Duration = .seconds(600), rowsPerTurn: Int = 5_000
  ) {
    self.pool = pool
    self.clock = clock
    self.age = age
    self.interval = interval
    self.rowsPerTurn = max(1, rowsPerTurn)
  }

  package func run(for tenant: Tenant) async throws(StoreError) -> JobTurn {
    let schema: TenantSchema
    do throws(PostgresError) { schema = try TenantSchema(tenant) } catch { throw StoreError(error) }
    let journal = schema.table("telemetry_journal")
    // Only the oldest are looked at: there is no index over the time, and `seq` is its order.
    let command = Command(
      """
      DELETE FROM \(journal) WHERE seq <= (
        SELECT max(oldest.seq) FROM (
          SELECT seq, committed_at FROM \(journal) ORDER BY seq LIMIT $1
        ) oldest WHERE oldest.committed_at < $2)
      """,
      [.int8(Int64(rowsPerTurn)), .timestamptz(clock.now().advanced(by: .zero - age))])
    let rows = rowsPerTurn
    return try await pool.withUpkeepLock(on: schema, timeout: .seconds(60)) {
      connection throws(PostgresError) in
      let deleted = try connection.query(command)
      return JobTurn(counts: ["rows": deleted], hasMore: deleted == rows)
    } ?? .elsewhere
  }
}
