// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import RPCRuntime

/// A server for `make bench`: echoes messages, so that nothing but the runtime is measured.
@main
struct BenchServer: RPCService {
  var handlers: [RPCHandler] {
    let echo = MethodDescriptor(service: "bench.Echo", method: "Unary", kind: .unary)
    return [
      RPCHandler(unary: echo) { request, _ throws(RPCError) in
        MessageFrame(capacity: request.readableBytes) { $0.writeImmutableBuffer(request) }
      }
    ]
  }

  static func main() async throws {
    let port = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 0 : 0
    var limits = ServerLimits()
    limits.maxConcurrentStreams = 1000
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let server = RPCServer(
      router: RPCRouter([BenchServer()]), limits: limits, group: group,
      logger: Logger(label: "bench"))
    let bound = try await server.start(host: "127.0.0.1", port: port)
    print("listening on \(bound)")
    try await Task.sleep(for: .seconds(86_400))
  }
}
