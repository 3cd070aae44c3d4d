// SPDX-License-Identifier: Apache-2.0
import Domain
import TestSupport
import Testing

@testable import Persistence

@Suite("Availability in the catalogue", .timeLimit(.minutes(5)))
struct AvailabilityTests {
  private static let day: Duration = .seconds(86_400)

  @Test(
    "devices, sensors and sites have the availability that their history says", arguments: 1...5)
  func same(seed: UInt64) async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      var random = SeededGenerator(seed: seed)
      try await plant.run(history(&random))
      let sensors = try await database.sensors.sensors(
        SensorQuery(), PageRequest(size: 100), of: plant.tenant
      ).items
      let now = Timestamp(
        microseconds: try #require(
          try await database.integer("SELECT (extract(epoch FROM now()) * 1000000)::bigint")))
      let range = now.advanced(by: .zero - Self.day)..<now
      let queries = PostgresTelemetryQueries(pool: database.pool)
      func expected(_ keys: [Int64]) async throws -> Double? {
        let changes = try await queries.statusChanges(
          of: keys, in: range, limit: 10_000, tenant: plant.tenant)
        return Availability.share(of: try #require(changes), over: range).map { $0 * 100 }
      }
      var known: [Double] = []
      let devices = try await database.devices.devices(
        DeviceQuery(), PageRequest(), of: plant.tenant
      ).items
      for device in devices {
        let own = sensors.filter { $0.device == device.id }.map(\.id)
        let changes = try await queries.statusChanges(
          ofDevice: device.id, in: range, limit: 10_000, tenant: plant.tenant)
        let wanted = Availability.share(of: try #require(changes), over: range).map { $0 * 100 }
        #expect(isSame(device.availability, wanted), "seed \(seed)")
        #expect(
          isSame(
            try await database.devices.device(device.id, of: plant.tenant).availability, wanted))
        if let wanted { known.append(wanted) }
        for id in own {
          let sensor = try await database.sensors.sensor(id, of: plant.tenant)
          #expect(isSame(sensor.availability, try await expected([id])), "seed \(seed)")
        }
      }
      let site = try await database.sites.stats(ofSite: 1, of: plant.tenant).deviceAvailability
      let mean = known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
      #expect((site == nil) == (mean == nil))
      #expect(abs((site ?? 0) - (mean ?? 0)) < 0.06, "seed \(seed)")
    }
  }

  /// The database's clock goes on between two questions.
  private func isSame(_ one: Double?, _ other: Double?) -> Bool {
    guard let one, let other else { return one == nil && other == nil }
    return abs(one - other) < 0.05
  }

  /// Changes of the last 40 hours, of some sensors none; the newest readings of most.
  private func history(_ random: inout SeededGenerator) -> String {
    var script = ""
    for sensor in 1...6 where Int.random(in: 0..<5, using: &random) > 0 {
      for _ in 0..<Int.random(in: 0...8, using: &random) {
        let minutes = Int.random(in: 0..<2_400, using: &random)
        script += """
          INSERT INTO §telemetry_statushistory (sensor_id, since, is_online) VALUES (\(sensor),
            now() - \(minutes) * interval '1 minute', \(Bool.random(using: &random)))
            ON CONFLICT DO NOTHING;

          """
      }
      script += """
        INSERT INTO §ingest_sensorstatus (sensor_id, last_value, last_timestamp) VALUES (\(sensor), 1,
          now() - \(Int.random(in: 0..<2_400, using: &random)) * interval '1 minute');

        """
    }
    for device in 1...2 where Bool.random(using: &random) {
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        let minutes = Int.random(in: 0..<2_400, using: &random)
        script += """
          INSERT INTO §telemetry_heartbeathistory (device_id, since, is_online) VALUES (\(device),
            now() - \(minutes) * interval '1 minute', \(Bool.random(using: &random)))
            ON CONFLICT DO NOTHING;

          """
      }
      script += """
        INSERT INTO §ingest_devicestatus (device_id, last_seen, last_heartbeat) VALUES (\(device),
          now(), now() - \(Int.random(in: 0..<2_400, using: &random)) * interval '1 minute');

        """
    }
    return script
  }

  @Test("nothing is known of what never measured; archived things do not count for the site")
  func unknown() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      #expect(try await database.devices.device(1, of: plant.tenant).availability == nil)
      #expect(try await database.sensors.sensor(1, of: plant.tenant).availability == nil)
      #expect(try await database.sites.stats(ofSite: 1, of: plant.tenant).deviceAvailability == nil)
      // Half a day ago, for 5 minutes; and since then.
      try await plant.run(
        """
        INSERT INTO §ingest_sensorstatus (sensor_id, last_value, last_timestamp)
          VALUES (1, 1, now() - interval '12 h'), (4, 1, now());
        INSERT INTO §telemetry_statushistory (sensor_id, since, is_online)
          VALUES (4, now() - interval '12 h', true);
        """)
      let rare = try #require(try await database.devices.device(1, of: plant.tenant).availability)
      #expect(abs(rare - 100 * 300 / 43_200) < 0.05)
      #expect(try await database.devices.device(2, of: plant.tenant).availability == 100)
      #expect(
        try await database.sites.stats(ofSite: 1, of: plant.tenant).deviceAvailability == 50.3)
      _ = try await database.devices.setActive(false, device: 1, of: plant.tenant)
      #expect(
        try await database.sites.stats(ofSite: 1, of: plant.tenant).deviceAvailability == 100)
      _ = try await database.sensors.setActive(false, sensor: 4, of: plant.tenant)
      // What it measured it did measure.
      #expect(try await database.devices.device(2, of: plant.tenant).availability == 100)
      #expect(try await database.sensors.sensor(4, of: plant.tenant).availability == 100)
    }
  }
}
