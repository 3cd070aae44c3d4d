// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPCRuntime
import Synchronization

/// A service on bytes that does what tests need.
final class EchoService: RPCService {
  static let say = MethodDescriptor(service: "echo.Echo", method: "Say", kind: .unary)
  /// Fails with the status whose number is the message.
  static let fail = MethodDescriptor(service: "echo.Echo", method: "Fail", kind: .unary)
  /// Does not return before it is cancelled.
  static let hang = MethodDescriptor(service: "echo.Echo", method: "Hang", kind: .unary)
  /// Sends as many messages of 10,000 bytes as the message says.
  static let flood = MethodDescriptor(
    service: "echo.Echo", method: "Flood", kind: .serverStreaming)
  /// Sends one message and then waits to be cancelled.
  static let idle = MethodDescriptor(service: "echo.Echo", method: "Idle", kind: .serverStreaming)

  /// Answers with all messages joined.
  static let join = MethodDescriptor(service: "echo.Echo", method: "Join", kind: .clientStreaming)
  /// Answers each message with itself.
  static let chat = MethodDescriptor(service: "echo.Echo", method: "Chat", kind: .bidirectional)
  /// Reads nothing until it is cancelled.
  static let deaf = MethodDescriptor(service: "echo.Echo", method: "Deaf", kind: .bidirectional)
  /// Answers after the first message, whatever follows.
  static let hasty = MethodDescriptor(
    service: "echo.Echo", method: "Hasty", kind: .clientStreaming)

  /// Sends 10,000 equal bytes compressed, the same uncompressed, and a small message.
  static let squeeze = MethodDescriptor(
    service: "echo.Echo", method: "Squeeze", kind: .serverStreaming)
  /// Reads one message when told to, and no more.
  static let slow = MethodDescriptor(service: "echo.Echo", method: "Slow", kind: .clientStreaming)

  /// Sends the binary metadata `x-bytes-bin` back, before and after the message, among entries that must
  /// not be sent.
  static let mirror = MethodDescriptor(service: "echo.Echo", method: "Mirror", kind: .unary)
  /// Answers with what the caller's certificate says.
  static let whoAmI = MethodDescriptor(service: "echo.Echo", method: "WhoAmI", kind: .unary)
  /// Answers with where the caller's connection comes from.
  static let peer = MethodDescriptor(service: "echo.Echo", method: "Peer", kind: .unary)

  let written = Atomic(0)
  /// How many `Flood`s have returned, in whatever way.
  let floodsEnded = Atomic(0)
  /// Messages that `Slow` may read.
  let permits = Atomic(0)
  /// Calls of ``whoAmI``.
  let calls = Atomic(0)
  let running = Atomic(0)
  let cancelled = Atomic(0)
  /// The context of the newest `Say`, while something holds it.
  let lastContext = Mutex(WeakContext())

  struct WeakContext {
    weak var context: ServerContext?
  }

  var handlers: [RPCHandler] {
    [
      RPCHandler(unary: Self.say) { request, context throws(RPCError) in
        context.initialMetadata = ["x-initial": "i"]
        self.lastContext.withLock { $0.context = context }
        context.trailingMetadata = ["x-trailing": context.metadata["x-request"] ?? "none"]
        return MessageFrame { $0.writeImmutableBuffer(request) }
      },
      RPCHandler(unary: Self.fail) { request, _ throws(RPCError) in
        let code = UInt8(String(buffer: request)).flatMap(StatusCode.init(rawValue:))
        throw RPCError(code ?? .unknown, "as asked: 100 % °C\n", metadata: ["x-detail": "d"])
      },
      RPCHandler(unary: Self.whoAmI) { _, context throws(RPCError) in
        self.calls.add(1, ordering: .relaxed)
        return MessageFrame { $0.writeString(Self.describe(context)) }
      },
      RPCHandler(unary: Self.peer) { _, context throws(RPCError) in
        MessageFrame { $0.writeString(context.peer) }
      },
      RPCHandler(unary: Self.hang) { request, _ throws(RPCError) in
        await self.waitForCancellation()
        throw RPCError(.cancelled, "was cancelled")
      },
      RPCHandler(serverStreaming: Self.flood) { request, responses, _ throws(RPCError) in
        let count = Int(String(buffer: request)) ?? 0
        defer { self.floodsEnded.add(1, ordering: .relaxed) }
        for index in 0..<count {
          try await responses.write(
            MessageFrame {
              $0.writeInteger(UInt32(index))
              $0.writeRepeatingByte(1, count: 9_996)
            })
          self.written.add(1, ordering: .relaxed)
        }
      },
      RPCHandler(clientStreaming: Self.join) { requests, _ throws(RPCError) in
        var all = ByteBuffer()
        for try await request in requests { all.writeImmutableBuffer(request) }
        return MessageFrame { $0.writeImmutableBuffer(all) }
      },
      RPCHandler(clientStreaming: Self.hasty) { requests, _ throws(RPCError) in
        var iterator = requests.makeAsyncIterator()
        let first = try await iterator.next()
        return MessageFrame { $0.writeImmutableBuffer(first ?? ByteBuffer()) }
      },
      RPCHandler(unary: Self.mirror) { request, context throws(RPCError) in
        var metadata: Metadata = [
          "x-line": "two\r\nlines", "x-umlaut": "ü", "x key": "v", "": "v", ":path": "/",
          "grpc-status": "5", "content-type": "text/plain", "te": "trailers", "x-wrong-bin": "!",
          "x-padded-bin": "YQ==", "X-Right": " right ", "connection": "close",
        ]
        for bytes in context.metadata.binaries("x-bytes-bin") {
          metadata.addBinary(bytes, for: "x-bytes-bin")
        }
        context.initialMetadata = metadata
        context.trailingMetadata = metadata
        if request.readableBytes == 0 { throw RPCError(.aborted, "empty", metadata: metadata) }
        return MessageFrame { $0.writeImmutableBuffer(request) }
      },
      RPCHandler(serverStreaming: Self.squeeze) { _, responses, context throws(RPCError) in
        context.compressesResponses = true
        var frame = MessageFrame { $0.writeRepeatingByte(0x61, count: 10_000) }
        try await responses.write(frame)
        frame.isCompressible = false
        try await responses.write(frame)
        try await responses.write(MessageFrame { $0.writeString("small") })
      },
      RPCHandler(clientStreaming: Self.slow) { requests, _ throws(RPCError) in
        var iterator = requests.makeAsyncIterator()
        var count = 0
        self.running.add(1, ordering: .relaxed)
        defer { self.running.subtract(1, ordering: .relaxed) }
        while true {
          while self.permits.load(ordering: .relaxed) <= count {
            do { try await Task.sleep(for: .milliseconds(5)) } catch {
              throw RPCError(.cancelled, "was cancelled")
            }
          }
          guard try await iterator.next() != nil else { break }
          count += 1
        }
        return MessageFrame { $0.writeString("\(count)") }
      },
      RPCHandler(bidirectional: Self.chat) { requests, responses, _ throws(RPCError) in
        for try await request in requests {
          try await responses.write(MessageFrame { $0.writeImmutableBuffer(request) })
        }
      },
      RPCHandler(bidirectional: Self.deaf) { _, _, _ throws(RPCError) in
        await self.waitForCancellation()
        throw RPCError(.cancelled, "was cancelled")
      },
      RPCHandler(serverStreaming: Self.idle) { request, responses, _ throws(RPCError) in
        try await responses.write(MessageFrame { $0.writeString("first") })
        await self.waitForCancellation()
        throw RPCError(.cancelled, "was cancelled")
      },
    ]
  }

  private static func describe(_ context: ServerContext) -> String {
    guard let identity = context.peerIdentity else { return "nobody" }
    return [
      "cn=\(identity.commonName ?? "")", "dns=\(identity.dnsNames.joined(separator: ","))",
      "uri=\(identity.uris.joined(separator: ","))", "spiffe=\(identity.spiffeID ?? "")",
      "serial=\(identity.serialNumber)", "issuer=\(identity.issuer ?? "")",
    ].joined(separator: " ")
  }

  private func waitForCancellation() async {
    running.add(1, ordering: .relaxed)
    do {
      try await Task.sleep(for: .seconds(3600))
    } catch {
      cancelled.add(1, ordering: .relaxed)
    }
    running.subtract(1, ordering: .relaxed)
  }
}
