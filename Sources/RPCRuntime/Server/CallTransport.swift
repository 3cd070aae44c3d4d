// SPDX-License-Identifier: Apache-2.0

/// What a ``ServerStream`` needs of its connection, whatever that speaks. Everything on the connection's
/// loop.
protocol CallTransport: AnyObject {
  /// Where calls come from, as ``ServerContext/peer`` says it.
  var peer: String { get }
  /// Who the client proved to be by its certificate.
  var peerIdentity: PeerIdentity? { get }

  /// Begins a response; without body, the headers are all of it.
  func respond(_ stream: StreamID, headers: HeaderList, body: OutboundBody?)
  /// Says that a body has more to send, or has ended.
  func resume(_ stream: StreamID, _ body: OutboundBody)
  /// Ends a response whose body the peer does not take, and which the caller has dropped.
  /// - Parameter trailers: nil: there is no way to say why in the middle of a message.
  func cutShort(_ stream: StreamID, trailers: HeaderList?)
  /// Asks to resume the body's writer when it has sunk.
  func isWaiting(_ body: OutboundBody)
  /// Lets the peer send more on a stream whose messages were read.
  func credit(_ count: Int, _ stream: StreamID)

  /// Claims a handler slot.
  /// - Returns: where to run it; nil when all slots are taken.
  func handlerStarts() -> LoopExecutor?
  func handlerEnds()
  /// A handler holds so many decompressed bytes more, or less, that their compressed size does not warrant.
  /// - Returns: false when that is too much.
  func holdsImplausible(_ bytes: Int) -> Bool
  /// A call ends without a handler.
  func rejected(_ path: @autoclosure () -> String, _ error: RPCError)
  /// A handler's metadata that is not sent.
  func isUnsendable(_ key: String)
}
