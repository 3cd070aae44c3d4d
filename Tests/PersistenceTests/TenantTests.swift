// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@testable import Persistence

@Suite("Tenants and their catalogue", .timeLimit(.minutes(5)))
struct TenantTests {
  @Test("a tenant is found by slug and by host, in any case; reserved hosts are nobody's")
  func directory() async throws {
    try await withDatabase { database throws in
      let tenant = try await database.provisioner.create(
        NewTenant(
          slug: try #require(TenantSlug("acme-corp")), name: "Acme",
          domains: ["Acme.Localhost", "acme.example.com"]))
      #expect(tenant.schema == "acme_corp")
      let directory = PostgresTenantDirectory(pool: database.pool, clock: WallClock { noon })
      #expect(try await directory.tenant(slug: try #require(TenantSlug("ACME-corp"))) == tenant)
      for host in ["acme.localhost", "ACME.LOCALHOST", "acme.example.com"] {
        #expect(try await directory.tenant(host: host) == tenant)
      }
      for host in ["localhost", "api", "", "x\0", String(repeating: "x", count: 254), "acme"] {
        #expect(try await directory.tenant(host: host) == nil)
      }
    }
  }

  @Test("hits are remembered until their time is over; misses are not")
  func cache() async throws {
    try await withDatabase { database throws in
      let time = Time()
      let directory = PostgresTenantDirectory(
        pool: database.pool, clock: time.clock, timeToLive: .seconds(10))
      let slug = try #require(TenantSlug("t"))
      #expect(try await directory.tenant(slug: slug) == nil)
      _ = try await Plant.make("t", in: database)
      #expect(try await directory.tenant(slug: slug)?.name == "T")
      try await database.run("UPDATE public.tenants_tenant SET name = 'New'")
      time.advance(seconds: 9)
      #expect(try await directory.tenant(slug: slug)?.name == "T")
      time.advance(seconds: 1)
      #expect(try await directory.tenant(slug: slug)?.name == "New")
      try await database.run("DELETE FROM public.tenants_tenant")
      time.advance(seconds: 10)
      #expect(try await directory.tenant(slug: slug) == nil)
    }
  }

  @Test("what is taken is told by name, and nothing of the refused tenant remains")
  func conflicts() async throws {
    try await withDatabase { database throws in
      _ = try await Plant.make("one", in: database)
      let two = try #require(TenantSlug("two"))
      let one = try #require(TenantSlug("one"))
      let taken: [(NewTenant, String)] = [
        (NewTenant(slug: one, schema: "x", name: "x", domains: []), "tenant_slug"),
        (NewTenant(slug: two, name: "x", domains: ["new.host", "ONE.localhost"]), "domain"),
        (NewTenant(slug: two, schema: "one", name: "x", domains: []), "tenant_slug"),
      ]
      for (new, field) in taken {
        await #expect(throws: AccountError.taken(field: field)) {
          try await database.provisioner.create(new)
        }
      }
      let invalid: [(NewTenant, String)] = [
        (NewTenant(slug: two, schema: "Two", name: "x", domains: []), "tenant_slug"),
        (NewTenant(slug: two, schema: "public", name: "x", domains: []), "tenant_slug"),
        (NewTenant(slug: two, schema: "pg_x", name: "x", domains: []), "tenant_slug"),
        (NewTenant(slug: two, schema: "2", name: "x", domains: []), "tenant_slug"),
        (NewTenant(slug: two, name: "", domains: []), "name"),
        (NewTenant(slug: two, name: String(repeating: "x", count: 101), domains: []), "name"),
        (NewTenant(slug: two, name: "x", domains: ["LOCALHOST"]), "domain"),
      ]
      for (new, expected) in invalid {
        await #expect {
          try await database.provisioner.create(new)
        } throws: { error in
          guard case .invalid(let field, _) = error as? AccountError else { return false }
          return field == expected
        }
      }
      try await database.run("CREATE SCHEMA two")
      await #expect(throws: AccountError.taken(field: "tenant_slug")) {
        try await database.provisioner.create(NewTenant(slug: two, name: "x", domains: []))
      }
      #expect(try await database.integer("SELECT count(*) FROM public.tenants_tenant") == 1)
      #expect(try await database.integer("SELECT count(*) FROM public.tenants_domain") == 1)
      #expect(try await database.integer("SELECT count(*) FROM public.schema_versions") == 2)
    }
  }

  @Test("tenants made at the same time all come to be", arguments: StorageKind.allCases)
  func concurrent(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      try await withThrowingDiscardingTaskGroup { group in
        for number in 0..<6 {
          group.addTask { _ = try await Plant.make("t\(number)", in: database) }
        }
      }
      #expect(try await database.migrator.migrate().migrated.isEmpty)
      #expect(try await database.integer("SELECT count(*) FROM public.tenants_tenant") == 6)
    }
  }

  @Test("the catalogue answers each address: found, or what of it is unknown")
  func lookups() async throws {
    try await withDatabase { database throws in
      let plant = try await Plant.make("t", in: database)
      try await database.run(
        """
        UPDATE t.assets_sensor SET is_active = false WHERE tag = 'temp_003' AND device_id = 1;
        UPDATE t.assets_device SET is_active = false WHERE mqtt_client_id = 'ESP32-02';
        """)
      func address(_ device: String, _ sensor: String) throws -> SensorAddress {
        SensorAddress(
          device: try #require(DeviceID(device)), sensor: try #require(SensorID(sensor)))
      }
      let answers = try await database.catalogue.sensors(
        at: [
          address("ESP32-01", "temp_001"), address("ESP32-01", "temp_002"),
          address("ESP32-01", "temp_003"), address("ESP32-01", "none"),
          address("ESP32-02", "temp_001"), address("none", "temp_001"),
        ], of: plant.tenant)
      #expect(answers.count == 6)
      #expect(answers[try address("ESP32-01", "temp_001")] == .found(plant.sensors[0]))
      #expect(answers[try address("ESP32-01", "temp_002")] == .found(plant.sensors[1]))
      #expect(answers[try address("ESP32-01", "temp_003")] == .unknownSensor)
      #expect(answers[try address("ESP32-01", "none")] == .unknownSensor)
      #expect(answers[try address("ESP32-02", "temp_001")] == .unknownDevice)
      #expect(answers[try address("none", "temp_001")] == .unknownDevice)
      #expect(try await database.catalogue.sensors(at: [], of: plant.tenant).isEmpty)
      let supply = try await database.catalogue.sensors(
        matching: SensorFilter(types: ["temp_supply"]), of: plant.tenant)
      #expect(supply == [plant.sensors[0]])
      let all = try await database.catalogue.sensors(matching: SensorFilter(), of: plant.tenant)
      #expect(all == Array(plant.sensors.prefix(2)))
      #expect(try await database.catalogue.hasDevice(Plant.device, of: plant.tenant))
      let inactive = try #require(DeviceID("ESP32-02"))
      #expect(try await !database.catalogue.hasDevice(inactive, of: plant.tenant))
    }
  }

  @Test("the catalogue refuses names that no topic could carry")
  func catalogueNames() async throws {
    try await withDatabase { database throws in
      _ = try await Plant.make("t", in: database)
      for name in ["", "a/b", "+", "#", "a\u{7F}", "a\u{9F}", "tab\t"] {
        await #expect(throws: StoreError.self) {
          try await database.run("UPDATE t.assets_sensor SET tag = '\(name)' WHERE id = 1")
        }
      }
      try await database.run("UPDATE t.assets_sensor SET tag = 'Außen °C' WHERE id = 1")
    }
  }

  @Test("the sample hospital can be seeded twice", arguments: StorageKind.allCases)
  func sample(storage: StorageKind) async throws {
    try await withDatabase(storage) { database throws in
      let hospital = SampleHospital(provisioner: database.provisioner)
      let tenant = try await hospital.seed()
      #expect(try await hospital.seed() == tenant)
      #expect(tenant.schema == "uberlandia_medical_center")
      #expect(tenant.name == "Uberlândia Medical Center")
      let directory = PostgresTenantDirectory(pool: database.pool, clock: WallClock { noon })
      #expect(try await directory.tenant(host: "umc.localhost") == tenant)
      for (table, count) in [
        ("site", 2), ("asset", 6), ("device", 6), ("sensor", 29),
      ] as [(String, Int64)] {
        #expect(
          try await database.integer("SELECT count(*) FROM \(tenant.schema).assets_\(table)")
            == count)
      }
      let device = try #require(DeviceID("ESP32-01"))
      let id = try #require(SensorID("temp_001"))
      let sensors = try await database.catalogue.sensors(
        matching: SensorFilter(devices: [device], sensors: [id]), of: tenant)
      let sensor = try #require(sensors.first)
      #expect(sensor.unit == "°C")
      #expect(sensor.type == "temp_supply")
      #expect(sensor.minimum == -40)
      #expect(sensor.maximum == 125)
    }
  }
}
