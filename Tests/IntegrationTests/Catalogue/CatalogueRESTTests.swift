// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// The catalogue as the browser app uses it, with curl, from the route to the row.
  @Suite("The catalogue over REST", .timeLimit(.minutes(15)))
  struct CatalogueRESTTests {
    private struct Named: Decodable, Equatable {
      let id: Int
    }

    private struct Listed<Item: Decodable>: Decodable {
      let count: Int
      let next: String?
      let previous: String?
      let results: [Item]
    }

    private struct Tagged: Decodable, Equatable {
      let id: Int
      let tag: String
    }

    /// With an API key that may write.
    private func key(_ stack: TestStack, of tenant: String = "umc") async throws -> String {
      try await stack.apiKey(of: tenant, ["admin"])
    }

    /// - Parameter key: nil: the tenant's, which may read.
    private func call(
      _ stack: TestStack, _ method: String, _ path: String, _ json: String? = nil,
      tenant: String = "umc", key: String? = nil
    ) async throws -> HTTPAnswer {
      try await stack.rest(
        method, path, json, host: tenant == "umc" ? TestStack.host : TestStack.rivalHost,
        headers: ["X-Api-Key: \(key ?? stack.key(of: tenant))"])
    }

    @Test("an asset made with the seed's body in one tenant is a 404 in the other")
    func seedIsolation() async throws {
      try await TestStack.with { stack in
        try await stack.createRivalTenant()
        try await stack.createKey(of: "acme")
        let ours = try await key(stack)
        let theirs = try await key(stack, of: "acme")
        let site = try await call(
          stack, "POST", "/assets/sites/", #"{"name":"Isolated"}"#, key: ours)
        #expect(site.status == 201, "\(site.body)")
        let id = try site.json(Named.self).id
        let made = try await call(
          stack, "POST", "/assets/assets/",
          #"{"name":"Only ours","type":"chiller","site":\#(id)}"#, key: ours)
        #expect(made.status == 201, "\(made.body)")
        let asset = try made.json(Tagged.self)
        #expect(asset.tag == "ONLY-OURS")
        #expect(try await call(stack, "GET", "/assets/assets/\(asset.id)/").status == 200)
        for method in ["GET", "DELETE"] {
          let other = try await call(
            stack, method, "/assets/assets/\(asset.id)/", tenant: "acme", key: theirs)
          #expect(other.status == 404, "\(other.body)")
        }
        let patch = try await call(
          stack, "PATCH", "/assets/assets/\(asset.id)/", #"{"name":"Theirs"}"#, tenant: "acme",
          key: theirs)
        #expect(patch.status == 404)
        // A key of one tenant on the host of the other opens nothing.
        let crossed = try await stack.rest(
          "GET", "/assets/assets/\(asset.id)/", host: TestStack.host,
          headers: ["X-Api-Key: \(theirs)"])
        #expect(crossed.status == 401)
        let list = try await call(stack, "GET", "/assets/?search=ours", tenant: "acme")
        #expect(try list.json(Listed<Tagged>.self).count == 0)
      }
    }

    @Test("lists have pages with links, filters and search; what is unknown is a 400 or 404")
    func lists() async throws {
      let stack = try await SharedStack.stack()
      let first = try await call(stack, "GET", "/api/sensors/?page_size=10&ordering=-tag,id")
      let page = try first.json(Listed<Tagged>.self)
      #expect(page.count == 29 && page.results.count == 10 && page.previous == nil)
      #expect(page.next?.contains("page=2") == true, "\(first.body)")
      #expect(page.results.map(\.tag) == page.results.map(\.tag).sorted(by: >))
      let filtered = try await call(
        stack, "GET", "/assets/sensors/?metric_type=TEMP_SUPPLY&search=theatre")
      #expect(try filtered.json(Listed<Tagged>.self).results.map(\.tag) == ["temp_001"])
      for query in [
        "?status=online", "?status=OFFLINE", "?status=warning", "?status=ok", "?site=1",
      ] {
        let answer = try await call(stack, "GET", "/assets/assets/\(query)")
        #expect(answer.status == 200, "\(query): \(answer.body)")
      }
      let archived = try await call(stack, "GET", "/sites/?archived=true&ordering=name")
      #expect(archived.status == 200)
      for (path, field) in [
        ("/assets/assets/?status=broken", "status"), ("/assets/assets/?site=999", "site"),
        ("/assets/assets/?site=x", "site"), ("/assets/assets/?nope=1", "nope"),
        ("/assets/assets/?ordering=nope", "ordering"), ("/devices/?is_online=maybe", "is_online"),
        ("/devices/?device_type=x", "device_type"), ("/sensors/?metric_type=x", "metric_type"),
        ("/sites/?page_size=501", "page_size"), ("/sites/1/devices/?status=x", "status"),
      ] {
        let answer = try await call(stack, "GET", path)
        #expect(answer.status == 400, "\(path): \(answer.body)")
        #expect(answer.body.hasPrefix(#"{"\#(field)":["#), "\(path): \(answer.body)")
      }
      for path in [
        "/sites/999/", "/sites/x/", "/sites/999/assets/", "/sites/999/stats/", "/assets/999/",
        "/devices/999/summary/", "/devices/999/sensors/", "/sensors/4294967296/",
        "/sites/?page=99", "/sites/1/nope/",
      ] {
        let answer = try await call(stack, "GET", path)
        #expect(answer.status == 404, "\(path): \(answer.body)")
      }
    }

    @Test("nested lists are arrays; figures and summaries have what the app reads")
    func nested() async throws {
      let stack = try await SharedStack.stack()
      for path in [
        "/sites/1/assets/?status=ok", "/sites/1/devices/?is_online=false",
        "/sites/1/devices/summary/",
        "/assets/1/devices/", "/assets/1/sensors/?metric_type=humidity", "/devices/1/sensors/",
        "/api/devices/1/sensors/?is_online=false",
      ] {
        let answer = try await call(stack, "GET", path)
        #expect(answer.status == 200, "\(path): \(answer.body)")
        #expect(answer.body.hasPrefix(#"[{"id":"#), "\(path): \(answer.body)")
      }
      struct Stats: Decodable {
        let totalAssets: Int
        let assetsByType: [String: Int]
        let totalDevices: Int
        let totalSensors: Int
      }
      let stats = try await call(stack, "GET", "/sites/1/stats/").json(Stats.self)
      #expect(stats.totalAssets == 4 && stats.totalDevices == 4 && stats.totalSensors == 22)
      #expect(stats.assetsByType == ["CHILLER": 2, "AHU": 1, "PUMP": 1])
      let summary = try await call(stack, "GET", "/devices/1/summary/")
      for text in [
        #""display_name":"Device 2-01""#, #""total_variables_count":7"#, #""name":"001""#,
      ] {
        #expect(summary.body.contains(text), "\(summary.body)")
      }
      let complete = try await call(stack, "GET", "/assets/complete/?page_size=2")
      #expect(complete.body.contains(#""latest_readings":{"#), "\(complete.body)")
    }

    @Test("what is made can be changed in part, replaced, archived, and deleted when it is free")
    func life() async throws {
      try await TestStack.with { stack in
        let key = try await key(stack)
        func call(
          _ stack: TestStack, _ method: String, _ path: String, _ json: String? = nil
        ) async throws -> HTTPAnswer {
          try await self.call(stack, method, path, json, key: key)
        }
        let site = try await call(
          stack, "POST", "/sites/",
          #"{"name":"S","latitude":"-18.9186","longitude":"-48.2772","timezone":"America/Sao_Paulo"}"#
        )
        #expect(
          site.status == 201 && site.body.contains(#""latitude":"-18.918600""#), "\(site.body)")
        let siteID = try site.json(Named.self).id
        let both = try await call(
          stack, "POST", "/assets/",
          #"{"tag":"x-1","asset_type":"AHU","site":\#(siteID),"installation_date":"2025-01-31","#
            + #""last_maintenance":"2025-02-01T10:00:00-03:00","specifications":{"kw":[1.5,null,{}]}}"#
        )
        #expect(both.status == 201, "\(both.body)")
        for text in [
          #""tag":"X-1""#, #""installation_date":"2025-01-31""#,
          #""last_maintenance":"2025-02-01T13:00:00Z""#, #""specifications":{"kw":[1.5,null,{}]}"#,
        ] {
          #expect(both.body.contains(text), "\(both.body)")
        }
        let assetID = try both.json(Named.self).id
        let patched = try await call(
          stack, "PATCH", "/assets/\(assetID)/", #"{"installation_date":null,"name":"N","extra":1}"#
        )
        #expect(patched.body.contains(#""installation_date":null"#), "\(patched.body)")
        #expect(patched.body.contains(#""specifications":{"kw":[1.5,null,{}]}"#))
        let put = try await call(stack, "PUT", "/assets/\(assetID)/", #"{"name":"N"}"#)
        #expect(put.status == 400 && put.body.contains("tag") && put.body.contains("site"))
        let taken = try await call(
          stack, "POST", "/assets/", #"{"tag":"X-1","type":"ahu","site":\#(siteID)}"#)
        #expect(taken.status == 409 && taken.body.hasPrefix(#"{"tag":["#), "\(taken.body)")
        let device = try await call(
          stack, "POST", "/devices/",
          #"{"name":"G","serial_number":"SN-9","asset":\#(assetID),"mqtt_client_id":"GW-9"}"#)
        #expect(device.status == 201, "\(device.body)")
        let deviceID = try device.json(Named.self).id
        let bulk = try await call(
          stack, "POST", "/devices/\(deviceID)/sensors_bulk/",
          #"{"sensors":[{"tag":"a","metric_type":"humidity","unit":"%","thresholds":{"min":0,"max":100}},"#
            + #"{"tag":"b","metric_type":"humidity","unit":"%"}]}"#)
        #expect(bulk.status == 201 && bulk.body.hasPrefix("[{"), "\(bulk.body)")
        let sensorID = try #require(try bulk.json([Named].self).first?.id)
        let beat = try await call(stack, "POST", "/devices/\(deviceID)/heartbeat/", "{}")
        #expect(beat.status == 200 && beat.body.contains(#""is_online":true"#), "\(beat.body)")
        let read = try await call(
          stack, "POST", "/sensors/\(sensorID)/update_reading/", #"{"value":0}"#)
        #expect(read.status == 200 && read.body.contains(#""last_value":0"#), "\(read.body)")
        let over = try await call(
          stack, "POST", "/sensors/\(sensorID)/update_reading/", #"{"value":100.5}"#)
        #expect(over.status == 400 && over.body.hasPrefix(#"{"value":["#), "\(over.body)")
        for path in [
          "/sites/\(siteID)/", "/assets/\(assetID)/", "/devices/\(deviceID)/",
          "/sensors/\(sensorID)/",
        ] {
          let inUse = try await call(stack, "DELETE", path)
          #expect(inUse.status == 409 && inUse.body.hasPrefix(#"{"detail":"#), "\(inUse.body)")
          let archived = try await call(stack, "POST", "\(path)archive/")
          #expect(archived.body.contains(#""is_active":false"#), "\(archived.body)")
        }
        let hidden = try await call(stack, "GET", "/sensors/?device=\(deviceID)")
        #expect(try hidden.json(Listed<Tagged>.self).results.map(\.tag) == ["b"])
        let refused = try await call(
          stack, "POST", "/sensors/\(sensorID)/update_reading/", #"{"value":1}"#)
        #expect(refused.status == 409, "\(refused.body)")
        let restored = try await call(stack, "POST", "/devices/\(deviceID)/restore/", "{}")
        #expect(restored.body.contains(#""is_active":true"#))
        let free = try await call(stack, "DELETE", "/sensors/\(sensorID + 1)/")
        #expect(free.status == 204 && free.body.isEmpty)
      }
    }
  }
}
