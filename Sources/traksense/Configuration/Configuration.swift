// SPDX-License-Identifier: Apache-2.0

import Domain
import Ingest
import Logging
import Services

/// All settings of one process: parsed once, checked once, never changed.
struct Configuration: Sendable {
  /// A database URL, which may hold a password; nil only where a command needs no database.
  var databaseURL: Secret
  var databaseConnections: Int
  var usesTimescale: Bool
  var mqtt: MQTTEndpoint
  var mqttClientID: String
  /// Name of the shared subscription that several ingest nodes split; nil: this node takes all.
  var mqttGroup: String?
  var rpc: ListenAddress
  /// Further addresses of the gRPC server, and how long its connections live.
  var rpcServing = RPCServing()
  var http: ListenAddress
  /// Where operators' tools find metrics and health.
  var admin: ListenAddress
  var accounts: AccountServing
  var web: WebServing
  var mail: MailServing
  var media: MediaServing
  var tenantLimits: TenantLimits
  /// Key that ingest calls must carry; nil: every one of them is refused.
  var ingestKey: Secret?
  var corsOrigins: [String]
  /// Where the charting library is installed.
  var chartDirectory: String
  var logLevel: Logger.Level
}

/// A value that does not print itself.
struct Secret: Sendable, CustomStringConvertible {
  let value: String

  var description: String { "(set)" }
}

/// `host:port`; IPv6 addresses in brackets.
struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
  var host: String
  var port: Int

  init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { return nil }
    self.init(host: String(host), port: Int(port))
  }

  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
