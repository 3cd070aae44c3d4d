// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import NIOPosix
import RPCRuntime

/// Our end of gRPC's interoperability tests.
/// Usage: InteropPeer server | InteropPeer client PORT [CASE...]
@main
enum InteropPeer {
  static func main() async throws {
    let arguments = CommandLine.arguments
    switch arguments.dropFirst().first {
    case "server": try await serve()
    case "client":
      guard let port = arguments.dropFirst(2).first.flatMap({ Int($0) }) else { usage() }
      try await call(port, Array(arguments.dropFirst(3)))
    default: usage()
    }
  }

  private static func usage() -> Never {
    print("usage: InteropPeer server | InteropPeer client PORT [CASE...]")
    exit(2)
  }

  /// Prints the port, and serves until its standard input ends.
  private static func serve() async throws {
    let server = RPCServer(
      router: RPCRouter([InteropService()]), group: MultiThreadedEventLoopGroup.singleton,
      logger: Logger(label: "interop") { _ in SwiftLogNoOpLogHandler() })
    print(try await server.start(host: "127.0.0.1", port: 0))
    fflush(nil)
    await Task.detached { while readLine() != nil {} }.value
    await server.shutdown()
  }

  /// Prints one line a case: its name, a tab, and `passed` or what was wrong.
  private static func call(_ port: Int, _ names: [String]) async throws {
    var failures = 0
    for test in InteropCase.all where names.isEmpty || names.contains(test.name) {
      let result: String
      do {
        let channel = try RPCClient(
          .host("127.0.0.1", port: port), group: MultiThreadedEventLoopGroup.singleton)
        try await test.run(channel)
        await channel.close()
        result = "passed"
      } catch {
        failures += 1
        result = "\(error)"
      }
      print("\(test.name)\t\(result)")
      fflush(nil)
    }
    if failures > 0 { exit(1) }
  }
}
