// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import NIOPosix
import RPCRuntime

/// Which server a command calls, and how it gets there.
struct ServerOptions: ParsableArguments {
  @Option(help: "host:port of the gRPC server, several with commas, or unix:path.")
  var address = "127.0.0.1:50051"

  @OptionGroup var tls: TLSOptions

  func validate() throws {
    guard ClientTarget(address) != nil else {
      throw ValidationError("--address is not host:port, or unix:path")
    }
  }

  /// A client that connects with its first call.
  func client() throws(RPCError) -> RPCClient {
    guard let target = ClientTarget(address) else {
      throw RPCError(.invalidArgument, "--address is not host:port, or unix:path")
    }
    var configuration = ClientConfiguration()
    configuration.tls = tls.configuration
    return try RPCClient(target, configuration, group: MultiThreadedEventLoopGroup.singleton)
  }
}
