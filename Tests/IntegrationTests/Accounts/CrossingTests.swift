// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Two tenants with equal ids", .timeLimit(.minutes(15)))
  struct CrossingTests {
    private struct Setup: Encodable {
      struct Tenant: Encodable {
        let host: String
        let user: String
        let password: String
        let read: String
        let admin: String
        let ingest: String
        /// Texts that only this tenant's data holds.
        let marks: [String]
        let poison: Double
      }

      let http: UInt16
      let rpc: UInt16
      let requests: Int
      let seed: UInt32
      let tenants: [String: Tenant]
    }

    private struct Crossed: Decodable {
      let requests: Int
      let answers: [String: [String: Int]]
      let shown: [String: Int]
      let count: Int
    }

    @Test("10,000 crossed requests over REST, events, gRPC and gRPC-Web give away nothing")
    func nothingCrosses() async throws {
      try await TestStack.with { stack in
        try await stack.createRivalTenant()
        try await stack.createKey(of: "acme")
        _ = try await stack.query(
          """
          INSERT INTO acme.assets_sensor (device_id, tag, metric_type, unit, min_value, max_value)
            SELECT id, 'acme_only', 'temp_supply', '°C', -40, 125 FROM acme.assets_device
          """)
        // No seconds of a time look like these.
        let values = ["umc": "73.40625", "acme": "86.59375"]
        var tenants: [String: Setup.Tenant] = [:]
        for (tenant, host) in [("umc", TestStack.host), ("acme", TestStack.rivalHost)] {
          var sample = Sample()
          (sample.tenant, sample.value) = (tenant, values[tenant] ?? "")
          try await stack.publish(sample)
          let person = try await stack.createUser("\(tenant)person", tenant: tenant, role: "owner")
          tenants[tenant] = Setup.Tenant(
            host: host, user: person.username, password: person.password,
            read: try await stack.apiKey(of: tenant, ["read"]),
            admin: try await stack.apiKey(of: tenant, ["admin"]),
            ingest: try await stack.apiKey(of: tenant, ["ingest"]),
            marks: [sample.value, person.username]
              + (tenant == "acme" ? ["acme_only"] : ["energy_001"]),
            poison: tenant == "umc" ? 44.03125 : 44.09375)
        }
        try await stack.waitForReadings(1)
        try await stack.waitForReadings(1, in: TestStack.rivalSchema)
        let seed = UInt32.random(in: 0...UInt32.max)
        let setup = Setup(
          http: stack.server.httpPort, rpc: stack.server.rpcPort, requests: 10_000, seed: seed,
          tenants: tenants)
        let file = stack.freshLog("setup")
        try JSONEncoder().encode(setup).write(to: URL(filePath: file))
        let run = try await stack.python("cross.py", [file])
        let output = try await run.succeed(within: .seconds(800))
        let crossed = try #require(run.lines(Crossed.self).last, "\(output)")
        #expect(crossed.count == 0, "seed \(seed): \(output)")
        #expect(crossed.requests == 10_000)
        // It must have been possible to see something.
        for tenant in ["umc", "acme"] { #expect(crossed.shown[tenant] ?? 0 > 300, "\(output)") }
        for kind in ["rest", "rpc", "web", "sse"] {
          let successes =
            (crossed.answers[kind]?["200"] ?? 0) + (crossed.answers[kind]?["OK"] ?? 0)
            + (crossed.answers[kind]?["0"] ?? 0)
          #expect(successes > 20, "\(kind): \(crossed.answers)")
        }
        for schema in [TestStack.schema, TestStack.rivalSchema] {
          let poisoned = try await stack.count(
            "SELECT count(*) FROM \(schema).telemetry_readings WHERE value IN (44.03125, 44.09375)")
          #expect(poisoned == 0)
        }
        print("crossed requests: \(crossed.answers), shown: \(crossed.shown)")
      }
    }
  }
}
