// SPDX-License-Identifier: Apache-2.0

public import NIOCore
import Synchronization

/// What a handler may know about its call, and where it leaves response metadata.
public final class ServerContext: Sendable {
  /// The RPC called.
  public let method: MethodDescriptor
  /// The host the caller meant, from `:authority` or `host`, with port if it had one; may be empty.
  public let authority: String
  /// Where the call came from: `127.0.0.1:50412`, `unix`, or, for a call of the same process,
  /// ``CallOptions/peer`` or else `in-process`.
  public let peer: String
  /// Who the caller's connection proved to be by a certificate (mTLS); nil: it showed none.
  public let peerIdentity: PeerIdentity?
  /// When the call was taken in.
  public let startedAt: NIODeadline
  /// Whether the caller is in this process: then an error reaches it as it is thrown.
  public let isInProcess: Bool
  /// When the caller stops waiting; nil: it set no `grpc-timeout`.
  public let deadline: NIODeadline?
  private let requestMetadata: RequestMetadata
  private let state = Mutex(State())
  private let received = Atomic(0)
  private let sent = Atomic(0)
  private let isRequestCompressed = Atomic(false)

  private enum RequestMetadata: Sendable {
    case headers(HeaderList)
    case function(@Sendable () -> Metadata)
  }

  private struct State {
    var initial = Metadata()
    var trailing = Metadata()
    var isCompressed: Bool?
    /// By the identity of their keys; a call has a few, for which a dictionary would be larger and slower.
    var values: [(key: ObjectIdentifier, value: any Sendable)] = []
    var earlyEnd: EarlyEnd?
    /// Ends the call from outside; nil where nobody can.
    var terminator: (@Sendable (RPCError) -> Void)?
  }

  /// In a box: few calls have one.
  private final class EarlyEnd: Sendable {
    let error: RPCError

    init(_ error: RPCError) {
      self.error = error
    }
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
    startedAt = .now()
    isInProcess = true
    requestMetadata = .function(metadata)
  }

  /// A call that came over a socket.
  init(_ head: RequestHead, on connection: any CallTransport, deadline: NIODeadline?) {
    method = head.handler.method
    authority = head.authority
    peer = connection.peer
    peerIdentity = connection.peerIdentity
    self.deadline = deadline
    startedAt = .now()
    isInProcess = false
    requestMetadata = .headers(head.headers)
  }

  /// The caller's metadata, without the protocol's own headers.
  public var metadata: Metadata {
    switch requestMetadata {
    case .headers(let headers): headers.customMetadata
    case .function(let metadata): metadata()
    }
  }

  /// The last value of one key, found without making ``metadata`` of all of them.
  /// - Parameter key: lower case.
  public func metadataValue(_ key: StaticString) -> String? {
    switch requestMetadata {
    case .headers(let headers):
      unsafe headers.withFields { fields in
        var value: String?
        while let field = unsafe fields.next() {
          if unsafe field.hasName(key) { value = unsafe field.valueText }
        }
        return value
      }
    case .function(let metadata): metadata()["\(key)"]
    }
  }

  /// Sent before the first message; changes after that have no effect.
  public var initialMetadata: Metadata {
    get { state.withLock { $0.initial } }
    set { state.withLock { $0.initial = newValue } }
  }

  /// Sent with the status.
  public var trailingMetadata: Metadata {
    get { state.withLock { $0.trailing } }
    set { state.withLock { $0.trailing = newValue } }
  }

  var responseMetadata: ResponseMetadata {
    state.withLock { ResponseMetadata(initial: $0.initial, trailing: $0.trailing) }
  }

  /// Whether response messages are compressed, when the caller accepts that; a single message opts out with
  /// ``MessageFrame/isCompressible``. nil: as ``ServerLimits/compressesResponses`` says. Changes after the
  /// first message have no effect.
  public var compressesResponses: Bool? {
    get { state.withLock { $0.isCompressed } }
    set { state.withLock { $0.isCompressed = newValue } }
  }

  /// Whether the request message that the handler got last came compressed.
  public var requestWasCompressed: Bool { isRequestCompressed.load(ordering: .relaxed) }

  func noteRequest(compressed: Bool) { isRequestCompressed.store(compressed, ordering: .relaxed) }

  /// The value that an interceptor left under `key`.
  public subscript<Key: ServerContextKey>(_ key: Key.Type) -> Key.Value? {
    get {
      let id = ObjectIdentifier(key)
      return state.withLock { $0.values.first { $0.key == id }?.value } as? Key.Value
    }
    set {
      let id = ObjectIdentifier(key)
      state.withLock { state in
        let index = state.values.firstIndex { $0.key == id }
        switch (index, newValue) {
        case (let index?, let value?): state.values[index].value = value
        case (let index?, nil): state.values.remove(at: index)
        case (nil, let value?): state.values.append((id, value))
        case (nil, nil): break
        }
      }
    }
  }

  /// Request messages that the handler has got. Counted only where the router has interceptors.
  public var messagesReceived: Int { received.load(ordering: .relaxed) }

  /// Response messages of the handler. Counted only where the router has interceptors.
  public var messagesSent: Int { sent.load(ordering: .relaxed) }

  /// How the call ended for its caller, which need not be how its handler did: the deadline, a reset or a
  /// malformed message may have ended it before.
  /// - Parameter error: what the handler threw; nil: it returned.
  /// - Returns: nil for OK.
  public func outcome(ofHandler error: RPCError?) -> RPCError? {
    state.withLock { $0.earlyEnd }?.error ?? error
  }

  /// Ends a streaming call from outside of its handler, as a deadline does: the caller gets the error at
  /// once, and the handler's task is cancelled. No effect on a call that has ended, and on unary ones.
  public func end(_ error: RPCError) {
    state.withLock { $0.terminator }?(error)
  }

  /// - Parameter terminator: must not hold the context.
  func onEnd(_ terminator: @escaping @Sendable (RPCError) -> Void) {
    state.withLock { $0.terminator = terminator }
  }

  func countReceived() { received.add(1, ordering: .relaxed) }
  func countSent() { sent.add(1, ordering: .relaxed) }

  /// The caller got this before the handler ended.
  func ended(early error: RPCError) {
    let end = EarlyEnd(error)
    state.withLock { if $0.earlyEnd == nil { $0.earlyEnd = end } }
  }

  var hasInitialMetadata: Bool { state.withLock { !$0.initial.isEmpty } }
  var hasTrailingMetadata: Bool { state.withLock { !$0.trailing.isEmpty } }

  /// Time left until the deadline; nil without one, never negative.
  public var timeRemaining: Duration? {
    deadline.map { .nanoseconds(max(0, ($0 - .now()).nanoseconds)) }
  }
}
