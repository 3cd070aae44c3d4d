// SPDX-License-Identifier: Apache-2.0

import Foundation
import RPCRuntime
import Synchronization
import Testing
import TrakSenseAPI

@testable import RESTBridge

@Suite("RPCs as REST", .timeLimit(.minutes(5)))
struct TranscodingTests {
  @Test("no route of an RPC is hidden by another")
  func nothingHidden() {
    #expect(BridgeRoutes(ProtobufSchema.trakSenseAPI.routes).hidden == [])
    let ingest = HTTPRoute(
      TraksenseV1.TeamServiceMethods.all[0],
      bindings: [.init(.post, "/ingest", hasBody: true), .init(.put, "/ingest", hasBody: true)],
      success: 200, requestFields: [], responseFields: [])
    #expect(BridgeRoutes([ingest]).hidden == ["POST /ingest"])
  }

  @Test("every route reaches its RPC, with slash and below /api, and answers with its status")
  func everyRoute() async throws {
    try await BridgeFixture.run { bridge in
      for route in ProtobufSchema.trakSenseAPI.routes {
        for binding in route.bindings {
          let path = binding.path.replacing("{id}", with: "7").replacing(
            "{session_id}", with: "s-1"
          ).replacing("{device_id}", with: "d-1")
          for variant in ["\(path)/", "/api\(path)"] {
            let answer = try await bridge.send(
              binding.verb.rawValue, variant,
              json: binding.hasBody ? #"{"refresh_token":"r"}"# : nil)
            let label = "\(binding.verb.rawValue) \(variant): \(answer.body)"
            #expect(answer.status == route.successStatus, "\(label)")
            #expect(bridge.accounts.last?.method == route.types.method.method, "\(label)")
            if route.successStatus == 204 {
              #expect(answer.body.isEmpty && answer.headers["content-length"] ?? "0" == "0")
            } else {
              #expect(answer.headers["content-type"] == "application/json", "\(label)")
              let isPolled = answer.headers["etag"] != nil
              #expect(
                answer.headers["cache-control"] == (isPolled ? "private, no-cache" : "no-store"),
                "\(label)")
              #expect(!isPolled || binding.verb == .get, "\(label)")
            }
            if path.contains("7") {
              #expect(bridge.accounts.last?.json.contains(#""id":7"#) == true, "\(label)")
            }
          }
        }
      }
    }
  }

  @Test(
    "a body's known keys become the request, the path goes before them, the rest is ignored",
    arguments: [
      (#"{"username_or_email":"own","password":"p","remember":true,"x":{"y":[1]}}"#, "own", "p"),
      (#"{"usernameOrEmail":"own","password":"\u00e9"}"#, "own", "é"),
      (#"{"username_or_email":null,"password":"a","password":"b"}"#, "", "b"),
      ("{}", "", ""), ("", "", ""),
    ])
  func body(json: String, name: String, password: String) async throws {
    try await BridgeFixture.run { bridge in
      let answer = try await bridge.send("POST", "/auth/login/", json: json)
      #expect(answer.status == 200)
      let call = try #require(bridge.accounts.last)
      let request = try TraksenseV1.LoginRequest(json: Array(call.json.utf8))
      #expect(request.usernameOrEmail == name && request.password == password)
      let member = try await bridge.send(
        "PATCH", "/team/members/7/", json: #"{"id":8,"role":"viewer"}"#)
      #expect(member.json["id"] as? Int == 7)
    }
  }

  @Test(
    "what a request cannot be is refused before the call, naming the field",
    arguments: [
      ("POST", "/auth/login/", #"{"password":5}"#, 400, "password"),
      ("POST", "/auth/login/", #"{"password":["x"]}"#, 400, "password"),
      ("POST", "/tenant/api-keys/", #"{"name":"n","scopes":["read",7]}"#, 400, "scopes[1]"),
      ("POST", "/tenant/api-keys/", #"{"scopes":"read"}"#, 400, "scopes"),
      ("POST", "/tenant/api-keys/", #"{"expires_at":"soon"}"#, 400, "expires_at"),
      ("POST", "/tenant/api-keys/7/rotate/", #"{"overlap_seconds":-1}"#, 400, "overlap_seconds"),
      (
        "POST", "/tenant/api-keys/7/rotate/", #"{"overlap_seconds":4294967296}"#, 400,
        "overlap_seconds"
      ),
      ("POST", "/auth/login/?next=/x", "{}", 400, "next"),
      ("POST", "/auth/login/", "[1]", 400, "non_field_errors"),
      ("POST", "/auth/login/", "\"text\"", 400, "non_field_errors"),
      ("GET", "/team/members/?page=one", nil, 400, "page"),
      ("GET", "/team/members/?page=-1", nil, 400, "page"),
      ("GET", "/team/members/?page=1e1", nil, 400, "page"),
      ("GET", "/team/members/?page_size=4294967296", nil, 400, "page_size"),
      ("GET", "/team/members/?page=1&page=2", nil, 400, "page"),
      ("GET", "/team/members/?pageSize=1", nil, 400, "pageSize"),
      ("GET", "/team/members/?search=x&page=1", nil, 400, "search"),
      ("GET", "/team/members/7/?id=8", nil, 400, "id"),
      ("GET", "/team/members/?page=%zz", nil, 400, "page"),
      ("DELETE", "/auth/avatar/?force=1", nil, 400, "force"),
    ] as [(String, String, String?, Int, String)])
  func refusals(
    _ method: String, _ path: String, _ json: String?, _ status: Int, _ field: String
  ) async throws {
    try await BridgeFixture.run { bridge in
      let answer = try await bridge.send(method, path, json: json)
      #expect(answer.status == status, "\(answer.body)")
      #expect(answer.json.keys.sorted() == [field], "\(answer.body)")
      #expect(answer.problems(field).count == 1 && answer.problems(field)[0].hasSuffix("."))
      #expect(bridge.accounts.callCount == 0)
    }
  }

  @Test("a field that is the whole answer stands alone; queries reach nullable fields")
  func responseField() async throws {
    try await BridgeFixture.run { bridge in
      let list = try await bridge.send("GET", "/devices/7/sensors/?is_online=false")
      #expect(list.status == 200 && list.body == "[]")
      #expect(
        bridge.accounts.last?.json == #"{"id":7,"metric_type":"","is_online":false,"status":""}"#)
      let page = try await bridge.send("GET", "/assets/?site=3&archived=1")
      #expect(page.body == #"{"count":0,"next":null,"previous":null,"results":[]}"#)
      let json = try #require(bridge.accounts.last?.json)
      #expect(json.contains(#""site":3,"#) && json.contains(#""archived":true"#), "\(json)")
      for query in ["site=x", "site=-1", "site=1.5", "archived=x"] {
        #expect(try await bridge.send("GET", "/assets/?\(query)").status == 400)
      }
      let patch = try await bridge.send(
        "PATCH", "/assets/7/", json: #"{"specifications":{"a":[{}]},"lastMaintenance":null}"#)
      #expect(patch.status == 200)
      let sent = try #require(bridge.accounts.last?.json)
      #expect(sent.contains(#""specifications":{"a":[{}]}"#), "\(sent)")
      #expect(sent.contains(#""update_mask":"specifications,lastMaintenance""#), "\(sent)")
    }
  }

  @Test(
    "+ in a query is a space, but in times the sign of the offset",
    arguments: [
      ("/assets/?search=chiller+1", #""search":"chiller 1""#),
      ("/assets/?search=chiller%2B1", #""search":"chiller+1""#),
      ("/assets/?se%61rch=a++b", #""search":"a  b""#),
      ("/sensors/?unit=m%2Bs+1", #""unit":"m+s 1""#),
      (
        "/sensors/7/status_history/?from=2025-01-01T00:00:00+02:00",
        #""from":"2024-12-31T22:00:00Z""#
      ),
      (
        "/devices/7/status_history/?to=2025-01-01T00%3A00%3A00%2B02%3A00",
        #""to":"2024-12-31T22:00:00Z""#
      ),
      ("/ingest/readings/?ts_from=2025-01-01T00:00:00-02:00", #""ts_from":"2025-01-01T02:00:00Z""#),
    ])
  func plus(path: String, expected: String) async throws {
    try await BridgeFixture.run { bridge in
      let answer = try await bridge.send("GET", path)
      #expect(answer.status == 200, "\(answer.body)")
      let sent = try #require(bridge.accounts.last?.json)
      #expect(sent.contains(expected), "\(sent)")
    }
  }

  @Test("malformed JSON and other media types are refused with a detail")
  func notJSON() async throws {
    try await BridgeFixture.run { bridge in
      for body in ["{", #"{"password":}"#, "nonsense", "[1,]", #"{"a":1} x"#, "{\"a\":\"\u{1}\"}"] {
        let answer = try await bridge.send("POST", "/auth/login/", json: body)
        #expect(answer.status == 400)
        #expect(answer.detail?.hasPrefix("JSON parse error - ") == true, "\(answer.body)")
      }
      let form = try await bridge.curl(
        "-d", "username_or_email=own", path: "/auth/login/")
      #expect(form.status == 415)
      #expect(
        form.detail
          == "Unsupported media type \"application/x-www-form-urlencoded\" in request.")
      let empty = try await bridge.curl("-d", "", path: "/auth/login/")
      #expect(empty.status == 200, "no body has no type: \(empty.body)")
      #expect(bridge.accounts.callCount == 1)
    }
  }

  @Test(
    "an id that cannot be one is not found, without a call",
    arguments: ["0x7", "-1", "+7", "7.0", "4294967296", "me", "1e1", "%37%20", "٧"])
  func wrongID(id: String) async throws {
    try await BridgeFixture.run { bridge in
      for method in ["GET", "DELETE"] {
        let encoded = id.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? id
        let answer = try await bridge.send(
          method, "/team/members/\(id.contains("%") ? id : encoded)/")
        #expect(answer.status == 404 && answer.detail == "Not found.", "\(answer.body)")
      }
      #expect(bridge.accounts.callCount == 0)
      #expect(try await bridge.send("GET", "/team/members/4294967295/").status == 200)
    }
  }

  @Test("PATCH and PUT name the fields that the body has, and only those")
  func updateMask() async throws {
    try await BridgeFixture.run { bridge in
      let cases = [
        (#"{"phone":null,"bio":"b","email":"x@y.z","update_mask":"first_name"}"#, "phone,bio"),
        (#"{"firstName":"A","last_name":"B","firstName":"C"}"#, "firstName,lastName"),
        ("{}", ""), (#"{"email":"e"}"#, ""),
      ]
      for (json, mask) in cases {
        let answer = try await bridge.send("PATCH", "/users/me/", json: json)
        #expect(answer.status == 200, "\(answer.body)")
        let call = try #require(bridge.accounts.last)
        #expect(call.json.contains(#""update_mask":"\#(mask)""#), "\(call.json)")
      }
      _ = try await bridge.send("PUT", "/team/members/7/", json: #"{"id":7,"status":"inactive"}"#)
      let call = try #require(bridge.accounts.last)
      #expect(call.json.contains(#""update_mask":"status""#), "\(call.json)")
    }
  }

  @Test("a known path with another method is 405 with the right ones, OPTIONS tells them")
  func methods() async throws {
    try await BridgeFixture.run { bridge in
      let cases = [
        ("/auth/login/", "GET", "POST, OPTIONS"),
        ("/auth/me", "DELETE", "GET, HEAD, PATCH, OPTIONS"),
        ("/api/users/me/avatar/", "PUT", "POST, DELETE, OPTIONS"),
        ("/team/members/7/", "POST", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("/team/members/stats/", "DELETE", "GET, HEAD, OPTIONS"),
      ]
      for (path, method, allowed) in cases {
        let answer = try await bridge.send(method, path)
        #expect(answer.status == 405 && answer.headers["allow"] == allowed, "\(answer.headers)")
        #expect(answer.detail == "Method \"\(method)\" not allowed.")
        let options = try await bridge.send("OPTIONS", path)
        #expect(options.status == 204 && options.headers["allow"] == allowed)
      }
      #expect(bridge.accounts.callCount == 0)
      let head = try await bridge.curl("-I", path: "/auth/me/")
      #expect(head.status == 200 && !head.body.contains("{"))
    }
  }

  @Test("statuses of the services become HTTP's, with all problems of a field")
  func errors() async throws {
    let twice = [
      FieldViolation(field: "password", description: "Too short."),
      FieldViolation(field: "email", description: "Taken."),
      FieldViolation(field: "password", description: "Too common."),
    ]
    let fields = #"{"password":["Too short.","Too common."],"email":["Taken."]}"#
    let cases: [(RPCError, Int, String)] = [
      (RPCError(.invalidArgument, "m", violations: twice), 400, fields),
      (RPCError(.invalidArgument, "m"), 400, #"{"detail":"m"}"#),
      (RPCError(.unauthenticated, "m"), 401, #"{"detail":"m"}"#),
      (RPCError(.permissionDenied, "m"), 403, #"{"detail":"m"}"#),
      (RPCError(.notFound, "m"), 404, #"{"detail":"m"}"#),
      (RPCError(.alreadyExists, "m", violations: twice), 409, fields),
      (RPCError(.alreadyExists, "m"), 409, #"{"detail":"m"}"#),
      (RPCError(.failedPrecondition, "m", violations: twice), 400, fields),
      (RPCError(.failedPrecondition, "m"), 409, #"{"detail":"m"}"#),
      (RPCError(.resourceExhausted, "m", retryAfter: .seconds(30)), 429, #"{"detail":"m"}"#),
      (RPCError(.unavailable, "m"), 503, #"{"detail":"m"}"#),
      (RPCError(.internalError, "secret"), 500, #"{"detail":"internal error"}"#),
    ]
    try await BridgeFixture.run { bridge in
      for (error, status, body) in cases {
        bridge.accounts.fail(with: error)
        let answer = try await bridge.send("POST", "/auth/register/", json: "{}")
        #expect(answer.status == status && answer.body == body, "\(answer.body)")
        if status == 429 { #expect(answer.headers["retry-after"] == "30") }
        if status == 503 { #expect(answer.headers["retry-after"] == "1") }
      }
    }
  }

  @Test(
    "a list has the addresses of its neighbouring pages",
    arguments: [
      (0, "", nil, nil), (50, "", nil, nil), (51, "", "?page=2", nil),
      (101, "?page=2", "?page=3", "?page=1"), (100, "?page=2", nil, "?page=1"),
      (5, "?page_size=2", "?page_size=2&page=2", nil),
      (
        5, "?page=2&page_size=2&tenant=u%20m", "?page_size=2&tenant=u%20m&page=3",
        "?page_size=2&tenant=u%20m&page=1"
      ),
      (5, "?page_size=2&p%61ge=3", nil, "?page_size=2&page=2"),
      (51, "?tenant=u+m", "?tenant=u+m&page=2", nil),
      (
        4, "?page=2&page_size=2", nil,
        "?page_size=2&page=1"
      ), (51, "?page=&page_size=0", "?page_size=0&page=2", nil),
    ] as [(UInt32, String, String?, String?)])
  func pages(count: UInt32, query: String, next: String?, previous: String?) async throws {
    try await BridgeFixture.run { bridge in
      bridge.accounts.record.count.withLock { $0 = count }
      for path in ["/team/members", "/api/team/members/"] {
        let answer = try await bridge.send("GET", path + query, host: "UMC.localhost:8000")
        #expect(answer.status == 200, "\(answer.body)")
        #expect(answer.json["count"] as? UInt32 == count)
        let base = "http://umc.localhost:8000\(path)"
        #expect(answer.json["next"] as? String == next.map { base + $0 })
        #expect(answer.json["previous"] as? String == previous.map { base + $0 })
        #expect(answer.json["next"] is NSNull == (next == nil))
        #expect(answer.json["results"] is [Any])
        #expect(answer.json.keys.sorted() == ["count", "next", "previous", "results"])
      }
      let beyond = try await bridge.send("GET", "/team/members/?page=9")
      #expect(beyond.status == 404 && beyond.detail == "Invalid page.")
      // Not paged.
      #expect(try await bridge.send("GET", "/tenant/api-keys/").json["next"] == nil)
    }
  }
}
