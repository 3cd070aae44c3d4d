// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import NIOPosix
import RPCRuntime

/// Which server a command calls, and how it gets there.
struct ServerOptions: ParsableArguments {
  @Option(help: "host:port of the gRPC server, several with commas, or unix:path.")
  var address = "127.0.0.1:50051"

  @Flag(help: "Speak TLS, trusting the authorities that the system trusts.")
  var tls = false

  @Option(help: "Speak TLS, trusting the authorities of this PEM file.")
  var ca: String?

  @Option(help: "Certificate that says who is calling, a PEM file; needs --key.")
  var cert: String?

  @Option(help: "The certificate's private key, a PEM file.")
  var key: String?

  @Option(help: "Name that the server's certificate must be for, instead of the address.")
  var serverName: String?

  func validate() throws {
    guard ClientTarget(address) != nil else {
      throw ValidationError("--address is not host:port, or unix:path")
    }
    guard (cert == nil) == (key == nil) else {
      throw ValidationError("--cert and --key go together")
    }
    guard usesTLS || (cert == nil && serverName == nil) else {
      throw ValidationError("--cert and --server-name need --tls or --ca")
    }
  }

  /// A client that connects with its first call.
  func client() throws(RPCError) -> RPCClient {
    guard let target = ClientTarget(address) else {
      throw RPCError(.invalidArgument, "--address is not host:port, or unix:path")
    }
    var configuration = ClientConfiguration()
    if usesTLS {
      var settings = ClientTLS(roots: ca.map { .file($0) } ?? .system, serverName: serverName)
      if let cert, let key {
        settings.identity = ClientTLS.Identity(certificateChainFile: cert, privateKeyFile: key)
      }
      configuration.tls = settings
    }
    return try RPCClient(target, configuration, group: MultiThreadedEventLoopGroup.singleton)
  }

  private var usesTLS: Bool { tls || ca != nil }
}
