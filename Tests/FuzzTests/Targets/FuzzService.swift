// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPCRuntime
import Synchronization

/// Methods of all shapes that never leave the event loop; notes how many handlers run.
final class FuzzService: RPCService {
  static let methods: [MethodDescriptor] = [
    MethodDescriptor(service: "f.F", method: "U", kind: .unary),
    MethodDescriptor(service: "f.F", method: "C", kind: .clientStreaming),
    MethodDescriptor(service: "f.F", method: "S", kind: .serverStreaming),
    MethodDescriptor(service: "f.F", method: "B", kind: .bidirectional),
  ]

  let running = Atomic(0)

  var handlers: [RPCHandler] {
    [
      RPCHandler(unary: Self.methods[0]) { request, context throws(RPCError) in
        context.trailingMetadata = context.metadata
        return MessageFrame { $0.writeImmutableBuffer(request) }
      },
      RPCHandler(clientStreaming: Self.methods[1]) { requests, _ throws(RPCError) in
        self.running.add(1, ordering: .relaxed)
        defer { self.running.subtract(1, ordering: .relaxed) }
        var count = 0
        for try await request in requests { count += request.readableBytes }
        return MessageFrame { $0.writeString("\(count)") }
      },
      RPCHandler(serverStreaming: Self.methods[2]) { request, responses, _ throws(RPCError) in
        self.running.add(1, ordering: .relaxed)
        defer { self.running.subtract(1, ordering: .relaxed) }
        for _ in 0..<request.readableBytes % 16 {
          try await responses.write(MessageFrame { $0.writeRepeatingByte(1, count: 20_000) })
        }
      },
      RPCHandler(bidirectional: Self.methods[3]) { requests, responses, _ throws(RPCError) in
        self.running.add(1, ordering: .relaxed)
        defer { self.running.subtract(1, ordering: .relaxed) }
        for try await request in requests {
          try await responses.write(MessageFrame { $0.writeImmutableBuffer(request) })
        }
      },
    ]
  }
}
