// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import GRPCNIOTransportHTTP2Posix

/// BenchService on grpc-swift-2 with its NIO transport. Messages are coded by hand (``Payload``), which favours
/// it a little.
/// Usage: GRPCSwiftPeer PORT
@main
struct GRPCSwiftPeer: RegistrableRPCService {
  private static let service = "traksense.bench.v1.BenchService"

  func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
    router.registerHandler(
      forMethod: MethodDescriptor(fullyQualifiedService: Self.service, method: "Unary"),
      deserializer: PayloadDeserializer(), serializer: PayloadSerializer()
    ) { request, _ in
      var iterator = request.messages.makeAsyncIterator()
      guard let payload = try await iterator.next() else {
        throw RPCError(code: .invalidArgument, message: "request message is missing")
      }
      return StreamingServerResponse(single: ServerResponse(message: payload))
    }
    router.registerHandler(
      forMethod: MethodDescriptor(fullyQualifiedService: Self.service, method: "Download"),
      deserializer: DownloadRequestDeserializer(), serializer: PayloadSerializer()
    ) { request, _ in
      StreamingServerResponse { writer in
        for try await download in request.messages {
          for _ in 0..<download.messages {
            try await writer.write(Payload(body: [UInt8](repeating: 0, count: download.bytes)))
          }
        }
        return [:]
      }
    }
    router.registerHandler(
      forMethod: MethodDescriptor(fullyQualifiedService: Self.service, method: "Slow"),
      deserializer: SlowRequestDeserializer(), serializer: PayloadSerializer()
    ) { request, _ in
      for try await slow in request.messages {
        try await Task.sleep(for: .milliseconds(slow.waitMilliseconds))
        let end = ContinuousClock.now + .microseconds(slow.busyMicroseconds)
        while ContinuousClock.now < end {}
      }
      return StreamingServerResponse(single: ServerResponse(message: Payload(body: [])))
    }
    router.registerHandler(
      forMethod: MethodDescriptor(fullyQualifiedService: Self.service, method: "Echo"),
      deserializer: PayloadDeserializer(), serializer: PayloadSerializer()
    ) { request, _ in
      StreamingServerResponse { writer in
        for try await payload in request.messages { try await writer.write(payload) }
        return [:]
      }
    }
  }

  static func main() async throws {
    let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 0
    let server = GRPCServer(
      transport: .http2NIOPosix(
        address: .ipv4(host: "127.0.0.1", port: port), transportSecurity: .plaintext),
      services: [GRPCSwiftPeer()])
    try await server.serve()
  }
}
