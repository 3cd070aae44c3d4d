// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL

/// Makes a client's connections, all on one event loop.
struct ClientConnector {
  let loop: any EventLoop
  let limits: ClientLimits
  let tls: (settings: ClientTLS, context: NIOSSLContext)?
  /// Instead of the addresses' own.
  let authority: String?

  /// - Throws: FAILED_PRECONDITION when TLS cannot be set up.
  init(_ configuration: ClientConfiguration, loop: any EventLoop) throws(RPCError) {
    self.loop = loop
    limits = configuration.limits
    authority = configuration.authority
    if let tls = configuration.tls {
      self.tls = (tls, try tls.makeContext())
    } else {
      tls = nil
    }
  }

  /// Connects; call it on the loop.
  /// - Parameters:
  ///   - timeout: from now to the server's SETTINGS.
  ///   - whenOpened: gets the connection that is on its way.
  ///   - whenDone: called once, on the loop; failures are UNAVAILABLE.
  func connect(
    to address: ResolvedAddress, timeout: TimeAmount,
    whenOpened: (ClientConnection) -> Void,
    whenDone: @escaping (Result<ClientConnection, RPCError>) -> Void
  ) {
    let attempt = Attempt(to: address, whenDone)
    let serverName = tls.flatMap { $0.settings.serverName ?? address.serverName }
    let security: ClientConnection.Security =
      if let tls {
        .tls(verifiedName: tls.settings.verifiesHostname ? serverName : nil)
      } else {
        .cleartext
      }
    let connection: ClientConnection
    do throws(HTTP2Error) {
      connection = try ClientConnection(
        authority: authority ?? address.authority, security, limits: limits, loop: loop
      ) { attempt.ended($0) }
    } catch {
      return attempt.ended(RPCError(.unavailable, "\(error)"))
    }
    attempt.connection = connection
    attempt.timer = loop.assumeIsolated().scheduleTask(in: timeout) {
      connection.fail(RPCError(.unavailable, "no HTTP/2 answer in time"))
    }
    // Some attempts fail as soon as they begin.
    whenOpened(connection)
    let bound = NIOLoopBound(connection, eventLoop: loop)
    let context = tls?.context
    ClientBootstrap(group: loop)
      .connectTimeout(timeout)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let context {
            try pipeline.addHandler(
              NIOSSLClientHandler(context: context, serverHostname: serverName))
          }
          try pipeline.addHandler(bound.value)
        }
      }
      .connect(to: address.socket)
      .whenFailure { error in
        bound.value.fail(RPCError(.unavailable, "\(error)"))
      }
  }

  /// Ends once, whichever way. On the loop only.
  private final class Attempt {
    var connection: ClientConnection?
    var timer: Scheduled<Void>?
    private let address: ResolvedAddress
    private var whenDone: ((Result<ClientConnection, RPCError>) -> Void)?

    init(
      to address: ResolvedAddress,
      _ whenDone: @escaping (Result<ClientConnection, RPCError>) -> Void
    ) {
      self.address = address
      self.whenDone = whenDone
    }

    func ended(_ error: RPCError?) {
      timer?.cancel()
      let whenDone = whenDone
      self.whenDone = nil
      let connection = connection
      self.connection = nil
      if let error {
        whenDone?(
          .failure(
            RPCError(.unavailable, "cannot connect to \(address.socket): \(error.message)")))
      } else if let connection {
        whenDone?(.success(connection))
      }
    }
  }
}
