// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Brings a tenant's rollups up to date with its readings. An hour is rolled up once it is over; the hour
/// that runs is read from the readings.
package struct RollupJob: TenantJob {
  package let name = "rollup"
  package let interval: Duration
  package let deletesData = false
  private let pool: PostgresPool
  private let clock: WallClock
  private let hoursPerTurn: Int

  /// - Parameters:
  ///   - interval: how late a finished hour is rolled up at most. Default two minutes: answers are exact
  ///     meanwhile, and 1,000 tenants cost few turns a second.
  ///   - hoursPerTurn: bounds the work of one turn. Default two days.
  package init(
    pool: PostgresPool, clock: WallClock, interval: Duration = .seconds(120),
    hoursPerTurn: Int = 48
  ) {
    self.pool = pool
    self.clock = clock
    self.interval = interval
    self.hoursPerTurn = max(1, hoursPerTurn)
  }

  package func run(for tenant: Tenant) async throws(StoreError) -> JobTurn {
    let schema: TenantSchema
    do throws(PostgresError) { schema = try TenantSchema(tenant) } catch { throw StoreError(error) }
    let refresh = RollupRefresh(schema, before: clock.now(), maxHours: hoursPerTurn)
    return try await pool.withUpkeepLock(on: schema, timeout: .seconds(120)) {
      connection throws(PostgresError) in try refresh.run(on: connection)
    } ?? .elsewhere
  }
}
