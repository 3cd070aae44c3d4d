// SPDX-License-Identifier: Apache-2.0

import Foundation
import RESTBridge
import RPCRuntime
import TestSupport
import Testing
import TrakSenseAPI

@Suite(.timeLimit(.minutes(5)))
struct StreamRouteTests {
  @Test("a stream starts with its cursor and goes on with readings, series and gaps")
  func events() async throws {
    try await BridgeFixture.run { bridge in
      try await RawConnection.open(port: bridge.port) { connection in
        try await connection.request("GET /ingest/stream/")
        try await connection.read(
          until: "event: start\nid: 0\ndata: {\"cursor\":\"0\",\"series\":[")
        #expect(connection.received.lowercased().contains("content-type: text/event-stream"))
        bridge.service.commit([
          .init(key: 1, timestamp: ReadRouteTests.noon, value: 0),
          .init(key: 3, timestamp: ReadRouteTests.noon + 1, value: 7.25),
        ])
        try await connection.read(
          until: """
            event: reading
            id: 1
            data: [{"device_id":"ahu-1","sensor_id":"supply","sensor_type":"temperature",\
            "value":0.0,"unit":"°C","timestamp":"2025-01-01T12:00:00Z"},{"device_id":"meter 7",\
            "sensor_id":"power","sensor_type":"active_power","value":7.25,"unit":"kW",\
            "timestamp":"2025-01-01T12:00:00.000001Z"}]


            """)
        bridge.service.send(.series(.init(series: [.init(seriesKey: 9, deviceID: "new")])))
        try await connection.read(until: "event: series\ndata: {\"series\":[{\"series_key\":\"9\"")
        bridge.service.send(.gap(.init(fromCursor: 2, toCursor: 5)))
        try await connection.read(
          until: "event: gap\nid: 5\ndata: {\"from_cursor\":\"2\",\"to_cursor\":\"5\"}\n\n")
      }
    }
  }

  @Test("filters reach the service")
  func filters() async throws {
    try await BridgeFixture.run { bridge in
      try await RawConnection.open(port: bridge.port) { connection in
        try await connection.request("GET /ingest/stream/?device_id=meter%207")
        try await connection.read(until: "event: start")
        try await connection.read(until: "\"power\"")
        #expect(!connection.received.contains("ahu-1"))
      }
    }
  }

  @Test("a client that goes away ends the call at once")
  func disconnect() async throws {
    try await BridgeFixture.run { bridge in
      try await RawConnection.open(port: bridge.port) { connection in
        try await connection.request("GET /ingest/stream/")
        try await connection.read(until: "event: start")
        #expect(bridge.service.listenerCount == 1)
        connection.close()
        try await eventually("the call is cancelled") {
          bridge.service.listenerCount == 0
        }
      }
    }
  }

  @Test("a client that does not read suspends the call, and loses nothing when it reads on")
  func slowClient() async throws {
    try await BridgeFixture.run { bridge in
      try await RawConnection.open(port: bridge.port, receiveBuffer: 4096) { connection in
        try await connection.request("GET /ingest/stream/?device_id=flood")
        try await eventually("the flood stops") {
          let before = bridge.service.floodedBlocks
          try await Task.sleep(for: .milliseconds(300))
          return before > 0 && bridge.service.floodedBlocks == before
        }
        let suspendedAt = bridge.service.floodedBlocks
        // Some 60 KiB each: what the kernel's buffers, the connection's and the pipe's hold, not more.
        #expect(suspendedAt < 400)
        try await connection.read(until: "\nid: \(suspendedAt + 3)\n")
        #expect(bridge.service.floodedBlocks > suspendedAt)
        let ids = connection.received.split(separator: "\n").filter { $0.hasPrefix("id: ") }
          .compactMap { Int($0.dropFirst(4)) }
        #expect(ids == Array(0...(ids.last ?? -1)))
      }
    }
  }

  @Test("a client that never reads is dropped after a while, and its call with it")
  func deadClient() async throws {
    var configuration = RESTBridgeConfiguration()
    configuration.limits.writeStall = .milliseconds(300)
    try await BridgeFixture.run(configuration: configuration) { bridge in
      try await RawConnection.open(port: bridge.port, receiveBuffer: 4096) { connection in
        try await connection.request("GET /ingest/stream/?device_id=flood")
        try await eventually("the call is cancelled") { bridge.service.floodsEnded == 1 }
      }
    }
  }

  @Test("an idle stream is kept alive by comments")
  func keepAlive() async throws {
    var configuration = RESTBridgeConfiguration()
    configuration.limits.keepAliveInterval = .milliseconds(50)
    try await BridgeFixture.run(configuration: configuration) { bridge in
      try await RawConnection.open(port: bridge.port) { connection in
        try await connection.request("GET /ingest/stream/")
        try await connection.read(until: ": keep-alive\n\n")
        try await connection.read(until: ": keep-alive\n\n\r\ne\r\n: keep-alive\n\n")
      }
    }
  }

  @Test("a stopping server ends its streams properly")
  func shutdown() async throws {
    try await BridgeFixture.run { bridge in
      try await RawConnection.open(port: bridge.port) { connection in
        try await connection.request("GET /ingest/stream/")
        try await connection.read(until: "event: start")
        await bridge.stop()
        await connection.readToEnd()
        #expect(
          connection.received.contains("event: end\ndata: {\"detail\":\"The server is stopping.\"}")
        )
        #expect(connection.received.hasSuffix("0\r\n\r\n"))
      }
    }
  }

  @Test("a stopping server does not wait for a client that does not read")
  func shutdownWithSlowClient() async throws {
    try await BridgeFixture.run { bridge in
      try await RawConnection.open(port: bridge.port, receiveBuffer: 4096) { connection in
        try await connection.request("GET /ingest/stream/?device_id=flood")
        try await eventually("the flood stops") {
          let before = bridge.service.floodedBlocks
          try await Task.sleep(for: .milliseconds(200))
          return before > 0 && bridge.service.floodedBlocks == before
        }
        await bridge.stop()
        // The client stays for longer.
        try await eventually("the port is closed") {
          try await bridge.curl(path: "/health/").status == 0
        }
      }
    }
  }

  @Test("a stream that the service ends says why")
  func serviceEnds() async throws {
    try await BridgeFixture.run { bridge in
      try await RawConnection.open(port: bridge.port) { connection in
        try await connection.request("GET /ingest/stream/")
        try await connection.read(until: "event: start")
        bridge.service.fail(with: RPCError(.resourceExhausted, "reader is too slow"))
        bridge.service.endSubscriptions()
        try await connection.read(
          until: "event: end\ndata: {\"detail\":\"reader is too slow\"}\n\n")
        await connection.readToEnd()
      }
    }
  }

  @Test("streams beyond the limit are 503, and one that ended makes room", arguments: [1, 2])
  func quota(maximum: Int) async throws {
    var configuration = RESTBridgeConfiguration()
    configuration.limits.maxStreams = maximum
    try await BridgeFixture.run(configuration: configuration) { bridge in
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for _ in 0..<maximum {
          tasks.addTask {
            try await RawConnection.open(port: bridge.port) { connection in
              try await connection.request("GET /ingest/stream/")
              try await connection.read(until: "event: start")
              try await connection.read(until: "event: end")
            }
          }
        }
        try await eventually("all are open") { bridge.service.listenerCount == maximum }
        let refused = try await bridge.curl(path: "/ingest/stream/")
        #expect(refused.status == 503 && refused.headers["retry-after"] == "5")
        #expect(try await bridge.curl(path: "/health/").status == 200)
        bridge.service.endSubscriptions()
        try await tasks.waitForAll()
      }
      try await RawConnection.open(port: bridge.port) { connection in
        try await connection.request("GET /ingest/stream/")
        try await connection.read(until: "event: start")
      }
    }
  }
}
