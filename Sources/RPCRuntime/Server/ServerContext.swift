// SPDX-License-Identifier: Apache-2.0

public import NIOCore
import Synchronization

/// What a handler may know about its call, and where it leaves response metadata.
public final class ServerContext: Sendable {
  /// The RPC called.
  public let method: MethodDescriptor
  /// The host the caller meant, from `:authority` or `host`, with port if it had one; may be empty.
  public let authority: String
  /// Where the call came from: `127.0.0.1:50412`, `unix`, or `in-process`.
  public let peer: String
  /// Who the caller's connection proved to be by a certificate (mTLS); nil: it showed none.
  public let peerIdentity: PeerIdentity?
  /// When the caller stops waiting; nil: it set no `grpc-timeout`.
  public let deadline: NIODeadline?
  private let requestMetadata: RequestMetadata
  private let responseMetadata = Mutex(ResponseMetadata())

  private enum RequestMetadata: Sendable {
    case headers(HeaderList)
    case function(@Sendable () -> Metadata)
  }

  private struct ResponseMetadata {
    var initial = Metadata()
    var trailing = Metadata()
  }

  /// - Parameters:
  ///   - method: the RPC called.
  ///   - authority: host the caller meant.
  ///   - peer: where the call came from.
  ///   - deadline: when the caller stops waiting.
  ///   - peerIdentity: who the caller's connection proved to be.
  ///   - metadata: request metadata, built when first asked for.
  public init(
    method: MethodDescriptor, authority: String, peer: String, deadline: NIODeadline?,
    peerIdentity: PeerIdentity? = nil, metadata: @escaping @Sendable @autoclosure () -> Metadata
  ) {
    self.method = method
    self.authority = authority
    self.peer = peer
    self.deadline = deadline
    self.peerIdentity = peerIdentity
    requestMetadata = .function(metadata)
  }

  /// A call that came over HTTP/2.
  init(_ head: RequestHead, on connection: ServerConnection, deadline: NIODeadline?) {
    method = head.handler.method
    authority = head.authority
    peer = connection.peer
    peerIdentity = connection.peerIdentity
    self.deadline = deadline
    requestMetadata = .headers(head.headers)
  }

  /// The caller's metadata, without the protocol's own headers.
  public var metadata: Metadata {
    switch requestMetadata {
    case .headers(let headers): RequestHead.customMetadata(of: headers)
    case .function(let metadata): metadata()
    }
  }

  /// Sent before the first message; changes after that have no effect.
  public var initialMetadata: Metadata {
    get { responseMetadata.withLock { $0.initial } }
    set { responseMetadata.withLock { $0.initial = newValue } }
  }

  /// Sent with the status.
  public var trailingMetadata: Metadata {
    get { responseMetadata.withLock { $0.trailing } }
    set { responseMetadata.withLock { $0.trailing = newValue } }
  }

  var hasInitialMetadata: Bool { responseMetadata.withLock { !$0.initial.isEmpty } }
  var hasTrailingMetadata: Bool { responseMetadata.withLock { !$0.trailing.isEmpty } }

  /// Time left until the deadline; nil without one, never negative.
  public var timeRemaining: Duration? {
    deadline.map { .nanoseconds(max(0, ($0 - .now()).nanoseconds)) }
  }
}
