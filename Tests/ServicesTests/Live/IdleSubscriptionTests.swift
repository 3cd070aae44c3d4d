// SPDX-License-Identifier: Apache-2.0

import Domain
import Glibc
import RPCRuntime
import Services
import TestSupport
import Testing

@Suite("Idle subscriptions", .timeLimit(.minutes(5)))
struct IdleSubscriptionTests {
  /// Resident memory of this process, in bytes; 0 when it cannot be read.
  private static func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 128)
    guard fgets(&buffer, 128, file) != nil else { return 0 }
    let text = String(
      decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  @Test("a thousand waiting subscriptions are all woken; their memory is printed")
  func thousand() async throws {
    let live = LiveFixture()
    let series = (0..<10).map { Sensor.sample($0) }
    let first = try await live.subscribe(series: series).subscription
    let before = Self.residentBytes()
    let readers = (0..<1_000).map { _ in
      Task { () async throws -> Int64 in
        let subscription = try await live.subscribe(series: series).subscription
        guard case .block(let cursor, _) = try await subscription.next() else { return -1 }
        return cursor
      }
    }
    try await eventually("all have joined") { live.hub.subscriptions(of: .umc) == 1_001 }
    for _ in 0..<200 { await Task.yield() }
    let each = (Self.residentBytes() - before) / 1_000
    print("idle subscription: about \(each) bytes resident each, task included")
    let clock = ContinuousClock()
    let published = clock.measure { _ = live.commit(1) }
    for reader in readers { #expect(try await reader.value == 1) }
    print("publishing to 1,000 waiting subscriptions took the publisher \(published)")
    #expect(live.text.blocks == 1)
    #expect(try first.poll() != nil)
  }
}
