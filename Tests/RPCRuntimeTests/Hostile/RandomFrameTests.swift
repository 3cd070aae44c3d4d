// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import RPCRuntime

extension HostilePeers {
  @Suite("Random frames")
  struct RandomFrameTests {
    /// `SEED=n` replays a run.
    private static var seed: UInt64 {
      ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init) ?? .random(in: 0...(.max))
    }

    @Test("three thousand random frames do no harm")
    func random() async throws {
      let seed = Self.seed
      print("SEED=\(seed)")
      var limits = ServerLimits()
      limits.maxPingStrikes = .max
      try await Loopback.underAttack(limits) { loopback in
        var generator = SeededGenerator(seed: seed)
        var sent = 0
        while sent < 3_000 {
          let peer = try await RawPeer.connect(to: loopback)
          await peer.send(RawFrame.preface + RawFrame.settings().bytes)
          for _ in 0..<50 {
            sent += 1
            let frames = Self.frames(&generator)
            if await !peer.send(frames) { break }
          }
          await peer.close()
          #expect(try await loopback.echo("\(sent)") == "\(sent)", "SEED=\(seed)")
        }
      }
    }

    /// Right frames mostly, of which every other has bytes changed, cut off or added.
    private static func frames(_ generator: inout SeededGenerator) -> [UInt8] {
      let stream = UInt32.random(in: 0..<8, using: &generator) * 2 + 1
      let methods = [
        EchoService.say, EchoService.chat, EchoService.join, EchoService.idle, EchoService.hang,
        EchoService.flood, EchoService.deaf, EchoService.hasty,
      ]
      let method = methods[Int.random(in: 0..<methods.count, using: &generator)]
      let number = UInt32.random(in: 0...(.max), using: &generator)
      let noise = (0..<Int.random(in: 0..<64, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      var bytes: [UInt8]
      switch Int.random(in: 0..<14, using: &generator) {
      case 0, 1, 2: bytes = RawFrame.call(stream, method, "\(number % 50)", end: number % 2 == 0)
      case 3: bytes = RawFrame.headers(stream, RawFrame.request(method)).bytes
      case 4: bytes = RawFrame.data(stream, noise, end: number % 4 == 0).bytes
      case 5: bytes = RawFrame.data(stream, noise, padding: UInt8(number % 256)).bytes
      case 6: bytes = RawFrame.reset(stream, number % 16).bytes
      case 7: bytes = RawFrame.windowUpdate(number % 3 == 0 ? 0 : stream, number).bytes
      case 8: bytes = RawFrame.settings([(UInt8(number % 8), number)]).bytes
      case 9: bytes = RawFrame.priority(stream, on: number).bytes
      case 10: bytes = RawFrame.ping(ack: number % 2 == 0).bytes
      case 11: bytes = RawFrame.data(stream, RawFrame.message("text", announced: number)).bytes
      case 12:
        bytes =
          RawFrame(
            kind: UInt8(number % 12), flags: UInt8(number >> 8 & 0xff), stream: stream,
            payload: noise
          ).bytes
      default: bytes = noise
      }
      switch Int.random(in: 0..<8, using: &generator) {
      case 0 where !bytes.isEmpty:
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^=
          UInt8.random(in: 1...255, using: &generator)
      case 1: bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator))
      case 2: bytes += noise
      default: break
      }
      return bytes
    }
  }
}
