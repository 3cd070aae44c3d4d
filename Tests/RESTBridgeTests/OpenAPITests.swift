// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import RPCRuntime
import Testing
import TrakSenseAPI

@testable import RESTBridge

@Suite("The OpenAPI document", .timeLimit(.minutes(5)))
struct OpenAPITests {
  private static func document(
    access: @escaping (MethodDescriptor) -> RouteAccess = { _ in .member(role: "viewer") }
  ) throws -> [String: Any] {
    let routes = BridgeRoutes(ProtobufSchema.trakSenseAPI.routes).listed
    let document = OpenAPIDocument(routes, SchemaDescription.trakSenseAPI, access: access)
    let json = try JSONSerialization.jsonObject(with: Data(document.json))
    return try #require(json as? [String: Any])
  }

  private static func operations(
    _ document: [String: Any]
  ) throws -> [String: [String: Any]] {
    let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
    var all: [String: [String: Any]] = [:]
    for (path, operations) in paths {
      for (verb, operation) in operations { all["\(verb.uppercased()) \(path)"] = operation }
    }
    return all
  }

  @Test("has every route of the route table but the pages, and nothing else")
  func everyRoute() throws {
    let operations = try Self.operations(try Self.document())
    var expected: Set<String> = [
      "GET /health/", "GET /schema/", "POST /ingest/", "GET /ingest/stream/",
      "GET /ingest/latest/{device_id}/", "GET /ingest/history/{device_id}/",
      "GET /ingest/assets/{asset_tag}/history/", "GET /telemetry/latest/{device_id}/",
      "GET /telemetry/history/{device_id}/", "GET /telemetry/assets/{asset_tag}/history/",
      "POST /auth/avatar/", "POST /users/me/avatar/", "GET /media/{key}/",
    ]
    for route in ProtobufSchema.trakSenseAPI.routes {
      for binding in route.bindings {
        expected.insert("\(binding.verb.rawValue) \(binding.path)/")
      }
    }
    #expect(Set(operations.keys) == expected)
    let names = operations.values.compactMap { $0["operationId"] as? String }
    #expect(names.count == operations.count)
    #expect(Set(names).count == names.count)
  }

  @Test("says of every parameter of a path and query what the bridge takes")
  func parameters() throws {
    let operations = try Self.operations(try Self.document())
    for route in BridgeRoutes(ProtobufSchema.trakSenseAPI.routes).listed {
      guard case .call(let call) = route.target else { continue }
      let operation = try #require(operations["\(route.method.rawValue) \(route.path)/"])
      let parameters = try #require(operation["parameters"] as? [[String: Any]])
      func names(_ place: String) -> Set<String> {
        Set(parameters.filter { $0["in"] as? String == place }.compactMap { $0["name"] as? String })
      }
      #expect(names("path") == call.pathFields, "\(route.path)")
      #expect(names("query") == Set(call.queryFields.keys), "\(route.path)")
      #expect((operation["requestBody"] != nil) == call.binding.hasBody, "\(route.path)")
      let responses = try #require(operation["responses"] as? [String: Any])
      #expect(responses["\(call.successStatus)"] != nil, "\(route.path)")
    }
  }

  @Test("says what a list, a nullable text, a map and an enum are")
  func schemas() throws {
    let document = try Self.document()
    let components = try #require(document["components"] as? [String: Any])
    let schemas = try #require(components["schemas"] as? [String: [String: Any]])
    let list = try #require(schemas["ListSitesResponse"])
    #expect(
      Set(try #require(list["required"] as? [String])) == ["count", "next", "previous", "results"])
    let user = try #require(schemas["User"]?["properties"] as? [String: [String: Any]])
    #expect(user["avatar"]?["type"] as? [String] == ["string", "null"])
    #expect(user["date_joined"]?["format"] as? String == "date-time")
    #expect(user["full_name"]?["description"] as? String != nil)
    let asset = try #require(schemas["CompleteAsset"]?["properties"] as? [String: [String: Any]])
    let readings = try #require(
      asset["latest_readings"]?["additionalProperties"] as? [String: String])
    #expect(readings == ["$ref": "#/components/schemas/LastReading"])
    let login = try #require(schemas["LoginResponse"]?["properties"] as? [String: Any])
    #expect(login["tokens"] == nil)
    #expect(schemas["Tokens"] == nil)
  }

  @Test("shows a request and its answer for every operation")
  func examples() throws {
    let document = try Self.document()
    for (route, operation) in try Self.operations(document) where route != "GET /schema/" {
      for parameter in operation["parameters"] as? [[String: Any]] ?? []
      where parameter["in"] as? String == "path" {
        #expect(parameter["example"] != nil, "\(route)")
      }
      var contents = [operation["requestBody"] as? [String: Any]].compactMap(\.self)
      let responses = try #require(operation["responses"] as? [String: [String: Any]])
      contents += responses.filter { $0.key.hasPrefix("2") }.map(\.value)
      for content in contents.compactMap({ $0["content"] as? [String: [String: Any]] }) {
        guard let json = content["application/json"] else { continue }
        #expect(json["example"] != nil || json["examples"] != nil, "\(route)")
      }
    }
  }

  @Test("leads from what was made to everything that can be done with it")
  func links() throws {
    let operations = try Self.operations(try Self.document())
    func links(_ route: String) throws -> [String: [String: Any]] {
      let responses = try #require(operations[route]?["responses"] as? [String: [String: Any]])
      return responses["201"]?["links"] as? [String: [String: Any]] ?? [:]
    }
    let site = try links("POST /assets/sites/")
    #expect(Set(site.keys).isSuperset(of: ["GetSite", "UpdateSite", "DeleteSite", "GetSiteStats"]))
    #expect(site["GetSite"]?["parameters"] as? [String: String] == ["id": "$response.body#/id"])
    #expect(try links("POST /sites/").keys.contains("GetSite2"))
    let key = try links("POST /tenant/api-keys/")["RevokeAPIKey"]?["parameters"]
    #expect(key as? [String: String] == ["id": "$response.body#/api_key/id"])
    #expect(try links("POST /auth/register/").isEmpty)
  }

  @Test("says what a body must have and what its members may be, as far as the server looks at it")
  func limits() throws {
    let operations = try Self.operations(try Self.document())
    func body(_ route: String) throws -> [String: Any] {
      let body = try #require(operations[route]?["requestBody"] as? [String: Any])
      let content = try #require(body["content"] as? [String: [String: Any]])
      return try #require(content["application/json"]?["schema"] as? [String: Any])
    }
    let create = try body("POST /assets/devices/")
    #expect(
      Set(try #require(create["required"] as? [String]))
        == ["name", "serial_number", "asset", "mqtt_client_id"])
    let members = try #require(create["properties"] as? [String: [String: Any]])
    #expect(members["name"]?["maxLength"] as? Int == 200)
    #expect(members["name"]?["minLength"] as? Int == 1)
    #expect(members["asset"]?["minimum"] as? Int == 1)
    #expect(members["offline_after_seconds"]?["minimum"] as? Int == 10)
    #expect(members["firmware_version"]?["type"] as? [String] == ["string", "null"])
    #expect(try body("PATCH /assets/devices/{id}/")["required"] == nil)
    #expect((try body("PUT /assets/devices/{id}/")["required"] as? [String])?.count == 4)
  }

  @Test("names the credentials that an RPC takes")
  func security() throws {
    let document = try Self.document { method in
      switch method {
      case TraksenseV1.SiteServiceMethods.listSites: .member(role: "viewer")
      case TraksenseV1.AccountServiceMethods.getMe: .person
      default: .open
      }
    }
    let operations = try Self.operations(document)
    func names(_ route: String) throws -> [String] {
      let security = try #require(operations[route]?["security"] as? [[String: [String]]])
      return security.flatMap(\.keys)
    }
    #expect(try names("GET /sites/") == ["cookie", "bearer", "apiKey"])
    #expect(try names("GET /users/me/") == ["cookie", "bearer"])
    #expect(try names("POST /auth/login/") == [])
    #expect(try names("GET /health/") == [])
  }

  @Test("is served with its type and an ETag, which spares sending it again")
  func served() async throws {
    try await BridgeFixture.run { bridge in
      let first = try await bridge.send("GET", "/api/schema/")
      #expect(first.status == 200)
      #expect(first.headers["content-type"] == SchemaRoute.contentType)
      let tag = try #require(first.headers["etag"])
      for known in [tag, "\"other\", W/\(tag)", "*"] {
        let again = try await bridge.send("GET", "/schema", headers: ["If-None-Match: \(known)"])
        #expect(again.status == 304)
        #expect(again.body == "")
        #expect(again.headers["etag"] == tag)
      }
      let other = try await bridge.send("GET", "/schema/", headers: ["If-None-Match: \"other\""])
      #expect(other.status == 200)
      #expect(other.body == first.body)
      #expect(try await bridge.send("GET", "/schema/?format=yaml").status == 400)
    }
  }

  @Test("is shown by a page whose files all come from here")
  func page() async throws {
    try await BridgeFixture.run { bridge in
      let page = try await bridge.send("GET", "/api/docs/")
      #expect(page.status == 200)
      #expect(page.headers["content-type"] == "text/html; charset=utf-8")
      #expect(page.headers["content-security-policy"] == SecurityHeaders.pagePolicy)
      #expect(!page.body.contains("http"))
      for name in ["docs.js", "docs.css", "live.css"] {
        #expect(page.body.contains("\"/static/\(name)\""))
        #expect(try await bridge.send("GET", "/static/\(name)").status == 200)
      }
    }
  }

  @Test("the page lists every route, opens and filters them, and breaks no rule of its policy")
  func viewer() async throws {
    try await BridgeFixture.run { bridge in
      try await Browser.run(width: 1280, height: 900, isDark: false) { browser in
        try await browser.open("http://umc.localhost:\(bridge.port)/api/docs/#ListSites")
        try await browser.wait(for: "document.body.dataset.state === 'ready'")
        let count = try Self.operations(try Self.document()).count
        #expect(
          try await browser.evaluate("document.querySelectorAll('.route').length") == "\(count)")
        let route = "document.getElementById('ListSites')"
        try await browser.wait(for: "\(route).querySelector('.answers') !== null")
        let text = try await browser.evaluate("\(route).textContent")
        for part in [
          "page_size", "Credentials: cookie, bearer, apiKey", "429", "curl '", "search=hospital",
          "X-Api-Key: $KEY",
        ] {
          #expect(text.contains(part), "\(part)")
        }
        // The answer's fields come when it is opened.
        _ = try await browser.evaluate(
          "\(route).querySelector('.answers details').open = true")
        try await browser.wait(for: "\(route).textContent.includes('ListSitesResponse')")
        #expect(try await browser.evaluate("\(route).textContent").contains("Hospital Central"))
        try PageTests.save(try await browser.screenshot(), "docs")
        // Every route opens, whatever it consists of.
        _ = try await browser.evaluate(
          "document.querySelectorAll('.route').forEach((part) => { part.open = true; })")
        try await browser.wait(for: "document.querySelectorAll('.inside').length === \(count)")
        _ = try await browser.evaluate("filter('avatar post'), 0")
        #expect(
          try await browser.evaluate(
            "[...document.querySelectorAll('.route')].filter((one) => !one.hidden).length") == "2")
        #expect(browser.problems == [])
      }
    }
  }
}
