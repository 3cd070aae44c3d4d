// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("Messages in gzip")
struct GzipCodecTests {
  private static func text(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 / 7 &* 31) }
  }

  private static func inflate(
    _ bytes: [UInt8], limit: Int = 1 << 20
  ) throws(MessageDeframer.Failure) -> [UInt8] {
    Array(buffer: try GzipCodec.ofThisThread.inflate(ByteBuffer(bytes: bytes), limit: limit))
  }

  @Test("what gzip wrote is read", arguments: [0, 1, 1_023, 1_024, 1_025, 100_000])
  func readsGzip(size: Int) async throws {
    let text = Self.text(size)
    let compressed = try await Tool.gzip(text)
    #expect(try Self.inflate(compressed) == text)
  }

  @Test("gzip reads what was written", arguments: [1_000, 100_000, 1_000_000])
  func writesGzip(size: Int) async throws {
    let text = Self.text(size)
    let frame = MessageFrame { $0.writeBytes(text) }
    // Again: the state is used for every message.
    for _ in 0..<3 {
      let compressed = Array(buffer: frame.gzipped(from: 0))
      #expect(compressed.count < text.count / 2)
      #expect(compressed[0] == 1)
      #expect(Int(RawFrame(.data, Array(compressed)).number(at: 1)) == compressed.count - 5)
      #expect(try await Tool.gunzip(Array(compressed.dropFirst(5))) == text)
    }
  }

  @Test("the limit holds at n−1, n and n+1 decompressed bytes", arguments: [9_999, 10_000, 10_001])
  func limit(size: Int) async throws {
    let compressed = try await Tool.gzip([UInt8](repeating: 0, count: size))
    if size > 10_000 {
      #expect(throws: MessageDeframer.Failure.inflatesTooLarge(limit: 10_000)) {
        try Self.inflate(compressed, limit: 10_000)
      }
    } else {
      #expect(try Self.inflate(compressed, limit: 10_000).count == size)
    }
  }

  @Test("cut short, bent or followed by more, gzip is broken")
  func broken() async throws {
    let compressed = try await Tool.gzip(Self.text(5_000))
    for cut in 0..<compressed.count {
      #expect(throws: MessageDeframer.Failure.brokenCompression, "cut at \(cut)") {
        try Self.inflate(Array(compressed[..<cut]))
      }
    }
    for wrong in [compressed + [0], compressed + compressed, [0] + compressed] {
      #expect(throws: MessageDeframer.Failure.brokenCompression) { try Self.inflate(wrong) }
    }
    // Any other failure than these would be a surprise, and so would a crash.
    for index in compressed.indices {
      var bent = compressed
      bent[index] ^= 0x55
      do {
        _ = try Self.inflate(bent)
      } catch {
        #expect(error == .brokenCompression || error == .inflatesTooLarge(limit: 1 << 20))
      }
    }
    // And the next message is none the worse for it.
    #expect(try Self.inflate(compressed) == Self.text(5_000))
  }

  @Test("what does not get shorter is left alone, and so is what is small or asks for it")
  func notWorthIt() {
    var generator = SystemRandomNumberGenerator()
    let noise = MessageFrame { buffer in
      for _ in 0..<10_000 { buffer.writeInteger(UInt8.random(in: 0...255, using: &generator)) }
    }
    #expect(noise.gzipped(from: 0) == noise.framed)
    for size in [1_023, 1_024] {
      var frame = MessageFrame { $0.writeRepeatingByte(7, count: size) }
      #expect((frame.gzipped(from: 1_024) == frame.framed) == (size < 1_024))
      frame.isCompressible = false
      #expect(frame.gzipped(from: 0) == frame.framed)
    }
    let empty = MessageFrame { _ in }
    #expect(empty.gzipped(from: 0) == empty.framed)
  }

  @Test("frames that share their compression make it once")
  func shared() {
    let frame = MessageFrame { $0.writeRepeatingByte(7, count: 10_000) }.sharingCompression()
    let copy = frame
    let forms = [frame.gzipped(from: 0), copy.gzipped(from: 0)].map { form in
      form.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
    }
    #expect(forms[0] == forms[1])
  }

  @Test("grpc-accept-encoding is a list")
  func acceptEncoding() {
    func namesGzip(_ text: String) -> Bool {
      Array(text.utf8).withUnsafeBufferPointer { MessageEncoding.namesGzip($0) }
    }
    for text in ["gzip", "identity,gzip", "identity, deflate, gzip", " gzip\t,x", "a,gzip,"] {
      #expect(namesGzip(text), "\(text)")
    }
    for text in ["", ",", "identity", "x-gzip", "gzi", "gzipp", "g zip"] {
      #expect(!namesGzip(text), "\(text)")
    }
  }
}
