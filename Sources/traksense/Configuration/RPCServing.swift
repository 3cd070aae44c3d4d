// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPCRuntime

/// What the gRPC server serves beside its cleartext address, and how long connections live.
struct RPCServing: Sendable {
  /// A TLS address with its files.
  struct TLS: Sendable {
    var address: ListenAddress
    var files: ServerTLSConfiguration
  }

  var tls: TLS?
  /// Path of a unix-domain socket.
  var unixSocket: String?
  /// Permission bits of its file.
  var unixPermissions: UInt32 = 0o600
  var keepaliveTime = TimeAmount.hours(2)
  /// nil: for ever.
  var maxConnectionIdle: TimeAmount?
  /// nil: for ever.
  var maxConnectionAge: TimeAmount?
  var maxConnectionAgeGrace = TimeAmount.minutes(5)

  /// Writes these times into the server's limits.
  func apply(to limits: inout ServerLimits) {
    limits.keepaliveTime = keepaliveTime
    limits.maxConnectionIdle = maxConnectionIdle
    limits.maxConnectionAge = maxConnectionAge
    limits.maxConnectionAgeGrace = maxConnectionAgeGrace
  }

  /// The listeners beside the cleartext one.
  /// - Throws: what is wrong with the files of TLS.
  func listeners() throws(ServerTLSError) -> [ListenerConfiguration] {
    var listeners: [ListenerConfiguration] = []
    if let tls {
      listeners.append(
        ListenerConfiguration(
          .tcp(host: tls.address.host, port: tls.address.port),
          security: .tls(try ServerTLS(tls.files))))
    }
    if let unixSocket {
      var listener = ListenerConfiguration(.unix(path: unixSocket))
      listener.unixPermissions = unixPermissions
      listeners.append(listener)
    }
    return listeners
  }
}
