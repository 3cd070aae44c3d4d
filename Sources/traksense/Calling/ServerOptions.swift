// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import NIOPosix
import RPCRuntime

/// Which server a command calls, and how it gets there.
struct ServerOptions: ParsableArguments {
  @Option(help: "host:port of the gRPC server.")
  var address = "127.0.0.1:50051"

  func validate() throws {
    guard ListenAddress(address) != nil else {
      throw ValidationError("--address is not host:port")
    }
  }

  func connect() async throws(RPCError) -> RPCConnection {
    guard let address = ListenAddress(address) else {
      throw RPCError(.invalidArgument, "--address is not host:port")
    }
    return try await RPCConnection.connect(
      host: address.host, port: address.port, group: MultiThreadedEventLoopGroup.singleton)
  }
}
