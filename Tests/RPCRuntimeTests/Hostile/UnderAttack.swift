// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

/// What a peer must not be able to do, one suite for each means of trying. One after the other: the process
/// is watched.
@Suite("Hostile peers", .serialized, .timeLimit(.minutes(5)))
enum HostilePeers {}

extension Loopback {
  /// Most that an attack may add to the process, in bytes.
  private static let maxGrowth = 16 << 20

  /// Runs an attack. Another connection's calls must succeed after it, its handlers must end and the memory
  /// come back.
  static func underAttack(
    _ limits: ServerLimits = ServerLimits(), _ attack: (Loopback) async throws -> Void
  ) async throws {
    var limits = limits
    // Calls that a peer has left unfinished are not waited for.
    limits.drainGrace = .milliseconds(10)
    try await run(limits) { loopback in
      #expect(try await loopback.echo("before") == "before")
      let before = try residentBytes()
      try await attack(loopback)
      #expect(try await loopback.echo("after") == "after")
      try await eventually("handlers end") {
        loopback.service.running.load(ordering: .relaxed) == 0
      }
      try await expectBounded(since: before)
    }
  }

  /// Other suites run in this process too: what they use passes, a leak stays.
  static func expectBounded(since before: Int) async throws {
    // A sanitizer keeps freed memory and notes about the rest: make test runs the same tests without.
    guard ProcessInfo.processInfo.environment["TRAKSENSE_SANITIZER"] == nil else { return }
    var now = before
    try await eventually("memory grew by less than 16 MB") {
      now = try residentBytes()
      return now - before <= maxGrowth
    }
    print("RSS \(Test.current?.name ?? ""): \((now - before) / 1024) KiB")
  }

  /// glibc's, which its Swift module leaves out.
  @_silgen_name("malloc_trim")
  private static func trim(_ padding: Int) -> Int32

  /// Resident memory of the process without its program's own pages, after what is free was given back to
  /// the system.
  static func residentBytes() throws -> Int {
    _ = trim(0)
    let line = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      .split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    return try #require(line.flatMap { Int($0.filter(\.isNumber)) }) * 1024
  }
}
