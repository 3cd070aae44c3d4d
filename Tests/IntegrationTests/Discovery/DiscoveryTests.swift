// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import Services
import TestSupport
import Testing

extension EndToEnd {
  /// What a server tells about itself, to Google's own Python clients.
  @Suite("Health, reflection and error details", .timeLimit(.minutes(15)))
  struct DiscoveryTests {
    struct Health: Decodable, Hashable {
      let service: String
      let status: String

      init(_ service: String, _ status: String) {
        self.service = service
        self.status = status
      }
    }

    static let telemetry = "traksense.v1.TelemetryService"

    @Test("a healthy server serves, names what it depends on, and does not know other services")
    func healthy() async throws {
      let stack = try await SharedStack.stack()
      let check = try await stack.python(
        "health.py", [stack.rpcAddress, "check", "", Self.telemetry, "no.such.Service"])
      try await check.succeed()
      #expect(
        check.lines(Health.self) == [
          Health("", "SERVING"), Health(Self.telemetry, "SERVING"),
          Health("no.such.Service", "NOT_FOUND"),
        ])
      let list = try await stack.python("health.py", [stack.rpcAddress, "list"])
      try await list.succeed()
      #expect(
        list.lines(Health.self)
          == ["", "database", "mqtt", Self.telemetry].map { Health($0, "SERVING") })
    }

    @Test("a watcher sees the database go and come back, and the server stop")
    func watched() async throws {
      try await TestStack.with { stack in
        // The statuses are looked at every other second; the first look may come before the database is there.
        try await eventually("the service serves") {
          let check = try await stack.python(
            "health.py", [stack.rpcAddress, "check", Self.telemetry])
          try await check.succeed()
          return check.lines(Health.self) == [Health(Self.telemetry, "SERVING")]
        }
        let watch = try await stack.python(
          "health.py", [stack.rpcAddress, "watch", Self.telemetry])
        func expect(_ statuses: String...) async throws {
          let seen = await eventually {
            watch.lines(Health.self).map(\.status) == statuses
          }
          #expect(seen, "\(watch.output)")
        }
        try await expect("SERVING")
        await stack.postgres.stop(.immediate)
        try await expect("SERVING", "NOT_SERVING")
        try await stack.postgres.start()
        try await expect("SERVING", "NOT_SERVING", "SERVING")
        #expect(await stack.server.terminate() == .exited(0))
        try await watch.succeed()
        try await expect("SERVING", "NOT_SERVING", "SERVING", "NOT_SERVING", "UNAVAILABLE")
      }
    }

    struct Reflected: Decodable {
      let version: String
      let services: [String]
      let methods: [String]
      let files: [String]
      let extensions: [Int]
      let missing: String
      let count: Int
      let device: String
    }

    @Test("a client that knows nothing learns all from reflection, and calls with it")
    func reflection() async throws {
      let stack = try await SharedStack.stack()
      let run = try await stack.python("reflect.py", [stack.rpcAddress, "umc", "ESP32-01"])
      try await run.succeed()
      let versions = run.lines(Reflected.self)
      #expect(versions.map(\.version) == ["v1", "v1alpha"], "\(run.output)")
      for version in versions {
        let services = Set(
          PermissionTable.permissions.keys.compactMap { $0.split(separator: "/").first })
        #expect(version.services == services.map(String.init).sorted())
        #expect(version.methods.contains("\(Self.telemetry).Subscribe"))
        #expect(version.methods.count == PermissionTable.permissions.count)
        for file in ["google/api/http.proto", "traksense/v1/auth.proto"] {
          #expect(version.files.contains(file), "\(version.files)")
        }
        #expect(version.extensions == [])
        #expect(version.missing == "KeyError")
        #expect(version.device == "ESP32-01")
      }
    }

    struct Details: Decodable {
      let code: String
      let number: Int
      let sameMessage: Bool
      let types: [String]
      let violations: [[String]]
    }

    @Test("the wrong field of a refused reading arrives as google.rpc.BadRequest")
    func errorDetails() async throws {
      let stack = try await SharedStack.stack()
      var sample = Sample(ago: 5_000)
      sample.unit = "°F"
      let run = try await stack.python(
        "details.py",
        [
          stack.rpcAddress, #"{"x-tenant":"umc","x-api-key":"\#(TestStack.ingestKey)"}"#,
          #"{"readings":[\#(sample.message)]}"#,
        ])
      let details = try await run.result(Details.self)
      #expect(details.code == "INVALID_ARGUMENT")
      #expect(details.number == 3)
      #expect(details.sameMessage)
      #expect(details.types == ["type.googleapis.com/google.rpc.BadRequest"])
      #expect(details.violations.map(\.first) == ["readings[0].unit"])
    }
  }
}
