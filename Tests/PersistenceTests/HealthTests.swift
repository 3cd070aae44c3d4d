// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("Health of assets", .timeLimit(.minutes(5)))
struct HealthTests {
  @Test("is the mean of what its sensors are worth, computed when asked for and kept by the job")
  func score() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      let tenant = plant.tenant
      func calculated() async throws -> Int {
        try await database.assets.calculateHealth(ofAsset: 1, of: tenant).healthScore
      }
      // Nothing has ever measured.
      #expect(try await calculated() == 100)
      try await plant.run(
        """
        UPDATE §assets_sensor SET thresholds =
          '{"critical_low": 0, "warning_low": 10, "warning_high": 30, "critical_high": 40}';
        INSERT INTO §ingest_sensorstatus (sensor_id, last_value, last_timestamp)
          VALUES (1, 20, now()), (2, 9, now()), (4, 41, now()), (5, 20, now() - interval '1 h');
        """)
      // 100, 50, 0 and 0; two are unknown.
      let before = try await database.assets.asset(1, of: tenant)
      #expect(before.healthScore == 100)
      let job = StatusJob(pool: database.pool, clock: WallClock { noon })
      #expect(try await job.run(for: tenant).counts["health_scores"] == 1)
      let kept = try await database.assets.asset(1, of: tenant)
      #expect(kept.healthScore == 38 && kept.updatedAt == before.updatedAt)
      #expect(try await job.run(for: tenant).counts["health_scores"] == nil)
      for (value, score) in [(10.0, 50), (30, 50), (30.5, 38), (40, 38), (-0.5, 25), (9.5, 38)] {
        try await plant.run(
          "UPDATE §ingest_sensorstatus SET last_value = \(value) WHERE sensor_id = 2")
        #expect(try await calculated() == score, "\(value)")
      }
      let asked = try await database.assets.asset(1, of: tenant)
      #expect(asked.healthScore == 38 && asked.updatedAt > before.updatedAt)
      _ = try await database.devices.setActive(false, device: 2, of: tenant)
      #expect(try await calculated() == 75)
      _ = try await database.sensors.setActive(false, sensor: 2, of: tenant)
      #expect(try await calculated() == 100)
      await #expect(throws: CatalogueError.notFound) {
        try await database.assets.calculateHealth(ofAsset: 9, of: tenant)
      }
      try await plant.run(
        "INSERT INTO §assets_asset (site_id, tag, asset_type, health_score) VALUES (1, 'B', 'AHU', 7)"
      )
      #expect(
        try await plant.tags { $0.order = [OrderTerm(.healthScore)] } == ["B", "CH-001"])
      _ = try await job.run(for: tenant)
      #expect(try await database.assets.asset(2, of: tenant).healthScore == 100)
    }
  }
}
