// SPDX-License-Identifier: Apache-2.0
import Domain
import DevStack
import Foundation
import Services
import TestSupport
import Testing
import TrakSenseAPI

extension EndToEnd {
  /// Every REST route, asked for by everybody, compared with the one table of permissions.
  @Suite("Every route and every kind of caller", .timeLimit(.minutes(15)))
  struct RouteWalkTests {
    /// Somebody who calls, with what the table lets them do in tenant `umc`.
    private struct Caller {
      let name: String
      let headers: [String: String]
      /// nil: none that counts here.
      var role: Role?
      var isPerson = false
      var mayIngest = false
      /// An API key of another tenant.
      var isKeyElsewhere = false
      /// A session of whatever tenant.
      var isSignedIn = false
    }

    private struct Request: Encodable {
      let verb: String
      let path: String
      var host = TestStack.host
      let headers: [String: String]
      let body: String?
    }

    private struct Step {
      let request: Request
      let caller: Caller
      let permission: Permission?
    }

    private struct Walked: Decodable {
      let statuses: [Int]
    }

    @Test("is let in where the table says so, and refused everywhere else")
    func walk() async throws {
      try await TestStack.with { stack in
        try await stack.createRivalTenant()
        try await stack.createKey(of: "acme")
        let callers = try await callers(stack)
        var steps: [Step] = []
        for (verb, path, body, permission) in Self.routes {
          for caller in callers {
            let request = Request(verb: verb, path: path, headers: caller.headers, body: body)
            steps.append(Step(request: request, caller: caller, permission: permission))
          }
        }
        let file = stack.freshLog("walk")
        try JSONEncoder().encode(steps.map(\.request)).write(to: URL(filePath: file))
        let walked = try await stack.python("walk.py", ["\(stack.server.httpPort)", file])
          .result(Walked.self, within: .seconds(600))
        #expect(walked.statuses.count == steps.count)
        #expect(steps.count > 500)
        for (step, status) in zip(steps, walked.statuses) {
          let what = "\(step.request.verb) \(step.request.path) by \(step.caller.name)"
          switch Self.expected(step.permission, step.caller) {
          case .passed:
            #expect(status < 500 && status != 401 && status != 403, "\(what): \(status)")
          case .open: #expect(status < 500 && status != 403, "\(what): \(status)")
          case .unauthenticated: #expect(status == 401, "\(what): \(status)")
          case .denied: #expect(status == 403, "\(what): \(status)")
          }
        }
        print("walked \(steps.count) requests over \(Self.routes.count) routes")
      }
    }

    private enum Expected {
      case passed
      /// Whatever the handler says of an empty request.
      case open
      case unauthenticated
      case denied
    }

    private static let nobody = Caller(name: "nobody", headers: [:])

    private static func expected(_ permission: Permission?, _ caller: Caller) -> Expected {
      let isKnown = caller.role != nil || caller.mayIngest
      switch permission {
      case nil: return .denied
      case .open, .openInTenant, .signIn: return .open
      case .signedIn:
        return caller.isSignedIn
          ? .passed : isKnown || caller.isKeyElsewhere ? .denied : .unauthenticated
      case .person: return caller.isPerson ? .passed : isKnown ? .denied : .unauthenticated
      case .ingest: return caller.mayIngest ? .passed : isKnown ? .denied : .unauthenticated
      case .member(let least):
        guard isKnown else { return .unauthenticated }
        return caller.role.map { $0 >= least } == true ? .passed : .denied
      }
    }

    /// Every binding of every RPC, with an empty request for things that do not exist, and the bridge's own.
    private static let routes: [(String, String, String?, Permission?)] = {
      var routes: [(String, String, String?, Permission?)] = []
      for route in ProtobufSchema.trakSenseAPI.routes {
        for binding in route.bindings {
          let path = binding.path.replacing("{id}", with: "4000000000")
            .replacing("{session_id}", with: "00000000-0000-4000-8000-000000000000")
          routes.append(
            (
              binding.verb.rawValue, path, binding.hasBody ? "{}" : nil,
              PermissionTable.permission(for: route.types.method)
            ))
        }
      }
      typealias Telemetry = TraksenseV1.TelemetryServiceMethods
      let own = [
        ("GET", "/ingest/latest/ESP32-01/", nil, Telemetry.latest),
        ("GET", "/ingest/history/ESP32-01/", nil, Telemetry.history),
        ("GET", "/ingest/stream/", nil, Telemetry.subscribe),
        (
          "POST", "/ingest/",
          #"{"device_id":"x","sensor_id":"y","value":1,"unit":"°C","timestamp":"2026-01-01T00:00:00Z"}"#,
          Telemetry.ingest
        ),
      ]
      routes += own.map { ($0.0, $0.1, $0.2, PermissionTable.permission(for: $0.3)) }
      // Open routes at last: one of them ends the callers' sessions.
      return routes.filter { expected($0.3, nobody) != .open }
        + routes.filter { expected($0.3, nobody) == .open }
    }()

    private func callers(_ stack: TestStack) async throws -> [Caller] {
      var callers = [
        Self.nobody,
        Caller(name: "a made-up token", headers: ["Authorization": "Bearer a.b.c"]),
        Caller(
          name: "the installation's key", headers: ["X-Api-Key": TestStack.ingestKey],
          mayIngest: true),
      ]
      for role in Role.allCases {
        callers.append(
          Caller(
            name: role.rawValue, headers: try await token(stack, "walk-\(role)", role: role),
            role: role, isPerson: true, mayIngest: role.canWrite, isSignedIn: true))
      }
      for status in [MembershipStatus.suspended, .inactive] {
        callers.append(
          Caller(
            name: "somebody \(status)",
            headers: try await token(stack, "walk-\(status)", role: .owner)))
        _ = try await stack.query(
          """
          UPDATE accounts_membership SET status = '\(status.rawValue)' WHERE user_id =
            (SELECT id FROM accounts_user WHERE username = 'walk-\(status)')
          """)
      }
      callers.append(
        Caller(
          name: "the rival's owner",
          headers: try await token(
            stack, "walk-rival", role: .owner, tenant: "acme", host: TestStack.rivalHost),
          isSignedIn: true))
      callers.append(
        Caller(
          name: "the rival's key", headers: ["X-Api-Key": stack.key(of: "acme")],
          isKeyElsewhere: true))
      for scope in APIKeyScope.allCases {
        let key = try await stack.apiKey(of: "umc", [scope.rawValue])
        callers.append(
          Caller(
            name: "a key with scope \(scope)", headers: ["X-Api-Key": key],
            role: scope == .admin ? .admin : scope == .read ? .viewer : nil,
            mayIngest: scope != .read))
      }
      return callers
    }

    private func token(
      _ stack: TestStack, _ name: String, role: Role, tenant: String = "umc",
      host: String = TestStack.host
    ) async throws -> [String: String] {
      let person = try await stack.createUser(name, tenant: tenant, role: role.rawValue)
      let answer = try await stack.rest(
        "POST", "/auth/login/",
        #"{"username_or_email":"\#(person.username)","password":"\#(person.password)"}"#, host: host
      )
      let cookie = try #require(
        answer.setCookies.first { $0.hasPrefix("access_token=") }, "\(answer.body)")
      let token = cookie.dropFirst("access_token=".count).prefix { $0 != ";" }
      return ["Authorization": "Bearer \(token)"]
    }
  }
}
