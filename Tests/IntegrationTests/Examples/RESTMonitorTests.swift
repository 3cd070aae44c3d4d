// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("Examples: rest_monitor.py", .timeLimit(.minutes(15)))
  struct RESTMonitorTests {
    private static let folder = "\(Repository.root)/Examples/Python"

    private func run(
      _ stack: TestStack, _ person: Person, device: String, password: String? = nil
    ) throws -> Run {
      try Run(
        Tool.python().path,
        [
          "\(Self.folder)/rest_monitor.py", "--url",
          "http://\(TestStack.host):\(stack.server.httpPort)", "--user", person.email, device,
        ],
        environment: ["TRAKSENSE_PASSWORD": password ?? person.password],
        log: stack.freshLog("rest_monitor"))
    }

    @Test("somebody signs in, reads and signs out; what is refused is told in words")
    func session() async throws {
      let stack = try await SharedStack.stack()
      let person = try await stack.createUser("rest-monitor")
      var sample = Sample(ago: 3_000)
      (sample.device, sample.sensor, sample.value) = ("ESP32-05", "temp_001", "4.75")
      if let sensor = try await stack.query(
        """
        SELECT s.tag, s.unit FROM \(TestStack.schema).assets_sensor s
        JOIN \(TestStack.schema).assets_device d ON d.id = s.device_id
        WHERE d.mqtt_client_id = 'ESP32-05' ORDER BY s.tag LIMIT 1
        """
      ).first {
        (sample.sensor, sample.unit) = (sensor[0], sensor[1])
      }
      let posted = try await stack.post(sample.body)
      #expect([200, 201].contains(posted.status), "\(posted.body)")
      let output = try await run(stack, person, device: "ESP32-05").succeed()
      let lines = output.split(separator: "\n")
      #expect(lines.first == "signed in as rest-monitor")
      #expect(lines.count { $0.hasPrefix("ESP32-0") } == 6, "\(output)")
      // Other tests may have sent readings of the same sensor.
      let hours = output.matches(of: #/min ([0-9.]+)  avg [0-9.]+  max ([0-9.]+) /#)
      #expect(
        hours.contains { (Double($0.1) ?? .infinity) <= 4.75 && 4.75 <= (Double($0.2) ?? 0) },
        "\(output)")

      let unknown = try run(stack, person, device: "ESP32-99")
      #expect(try await unknown.end() == .exited(1))
      #expect(unknown.output.contains(/404: .*ESP32-99/), "\(unknown.output)")
      let stranger = try run(stack, person, device: "ESP32-05", password: "wrong")
      #expect(try await stranger.end() == .exited(1))
      #expect(stranger.output.hasPrefix("401: "), "\(stranger.output)")
    }

    @Test("a session whose access token is over renews itself once, and is over after signing out")
    func renewal() async throws {
      let stack = try await SharedStack.stack()
      let person = try await stack.createUser("rest-renewal")
      let script = """
        import sys, urllib.error
        sys.path.insert(0, sys.argv[1])
        from rest_monitor import Session
        session = Session(sys.argv[2])
        session.sign_in(sys.argv[3], sys.argv[4])
        jar = next(h.cookiejar for h in session.opener.handlers if hasattr(h, "cookiejar"))
        access = next(cookie for cookie in jar if cookie.name == "access_token")
        jar.clear(access.domain, access.path, access.name)
        print(session.call("GET", "/api/users/me/")["username"])
        session.sign_out()
        try:
            session.call("GET", "/api/users/me/")
        except urllib.error.HTTPError as error:
            print(error.code)
        """
      let run = try Run(
        Tool.python().path,
        [
          "-c", script, Self.folder, "http://\(TestStack.host):\(stack.server.httpPort)",
          person.username, person.password,
        ], log: stack.freshLog("rest_renewal"))
      #expect(try await run.succeed() == "rest-renewal\n401\n")
    }
  }
}
