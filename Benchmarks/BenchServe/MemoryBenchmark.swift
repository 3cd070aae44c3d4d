// SPDX-License-Identifier: Apache-2.0
import DevStack
import Glibc
import NIOPosix
import RPCRuntime
import TrakSenseAPI

/// What an idle server holds, and what an idle subscription adds.
struct MemoryBenchmark {
  private static let connections = 10
  private static let streamsEach = 100

  let house: House
  let report: Report

  func run() async throws {
    report.section("Memory of the release `traksense serve` (resident)")
    let serve = try await house.serve()
    let idle = try await settled(serve)
    let megabytes = Double(idle) / 1_024
    report.add("idle", megabytes, "MB", digits: 1, target: "≤ 60 MB", isMet: megabytes <= 60)
    // The database connections, their threads and buffers come with the first burst of calls and stay.
    await (try Subscribers(Self.streamsEach, port: Int(house.rpcPort), metadata: house.metadata))
      .close()
    let warm = try await settled(serve)
    report.add("idle, after a first hundred subscriptions", Double(warm) / 1_024, "MB", digits: 1)
    let first = try await subscriptions(on: serve)
    let one = try await settled(serve)
    let count = Self.connections * Self.streamsEach
    let each = Double(one - warm) / Double(count)
    report.add(
      "each of \(count) idle subscriptions, 10 connections × 100", each, "kB", digits: 2,
      target: "≤ 8 kB", isMet: each <= 8)
    let second = try await subscriptions(on: serve)
    let two = try await settled(serve)
    report.add(
      "each of a second \(count)", Double(two - one) / Double(count), "kB", digits: 2)
    for connection in first + second { await connection.close() }
    let left = try await settled(serve)
    report.add("after all have left", Double(left) / 1_024, "MB", digits: 1)
    await serve.stop()
  }

  /// Opens subscriptions that each have received their `start`.
  private func subscriptions(on serve: ChildProcess) async throws -> [Subscribers] {
    var opened: [Subscribers] = []
    for _ in 0..<Self.connections {
      opened.append(
        try await Subscribers(Self.streamsEach, port: Int(house.rpcPort), metadata: house.metadata))
    }
    return opened
  }

  /// Resident kB once it has stopped changing for a second.
  private func settled(_ serve: ChildProcess) async throws -> Int {
    var last = -1
    var size = 0
    for _ in 0..<15 where size != last {
      last = size
      try await Task.sleep(for: .seconds(1))
      guard let now = ProcessUsage.residentKilobytes(of: serve.processID) else {
        throw BenchError("traksense serve ended")
      }
      size = now
    }
    return size
  }
}
