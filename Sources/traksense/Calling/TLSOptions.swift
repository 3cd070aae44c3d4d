// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import RPCRuntime

/// Whether a command calls its server over TLS, and whom it trusts.
struct TLSOptions: ParsableArguments {
  @Flag(help: "Call over TLS; the system's certificate authorities count.")
  var tls = false

  @Option(help: "PEM file of the certificate authorities that count instead; implies --tls.")
  var ca: String?

  @Option(help: "PEM file with the certificate to show the server, for mutual TLS.")
  var cert: String?

  @Option(help: "PEM file with that certificate's key.")
  var key: String?

  @Option(help: "Name to ask for and verify instead of the server's own.")
  var serverName: String?

  func validate() throws {
    guard (cert == nil) == (key == nil) else {
      throw ValidationError("--cert and --key go together")
    }
    guard isWanted || (cert == nil && serverName == nil) else {
      throw ValidationError("--cert and --server-name need --tls or --ca")
    }
  }

  private var isWanted: Bool { tls || ca != nil }

  /// nil: cleartext.
  var configuration: ClientTLS? {
    guard isWanted else { return nil }
    var configuration = ClientTLS(roots: ca.map { .file($0) } ?? .system, serverName: serverName)
    if let cert, let key {
      configuration.identity = .init(certificateChainFile: cert, privateKeyFile: key)
    }
    return configuration
  }
}
