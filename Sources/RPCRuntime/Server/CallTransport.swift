// SPDX-License-Identifier: Apache-2.0

import Logging

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

  var router: RPCRouter { get }
  var origins: WebOrigins { get }
  var logger: Logger { get }
  /// Where handlers run.
  var executor: LoopExecutor { get }
  var handlers: HandlerQuota { get set }

  // Each call makes these: as requirements they are one dynamic call, made for the transport's own type.

  /// Claims a handler slot.
  /// - Returns: where to run it; nil when all slots are taken.
  func handlerStarts() -> LoopExecutor?
  func handlerEnds()
}

extension CallTransport {
  func handlerStarts() -> LoopExecutor? { handlers.claim() ? executor : nil }

  func handlerEnds() { handlers.release() }

  /// A handler holds so many decompressed bytes more, or less, that their compressed size does not warrant.
  /// - Returns: false when that is too much.
  func holdsImplausible(_ bytes: Int) -> Bool { handlers.holdsImplausible(bytes) }

  /// A call ends without a handler.
  func rejected(_ path: @autoclosure () -> String, _ error: RPCError) {
    router.rejected(path(), peer: peer, .status(error))
  }

  /// Answers a request that gets no further than its headers.
  func reject(_ id: StreamID, _ headers: HeaderList, _ rejection: RequestHead.Rejection) {
    router.rejected(headers[":path"] ?? "", peer: peer, rejection.outcome)
    let (answer, body) = rejection.answer(to: headers, origins)
    respond(id, headers: answer, body: body)
  }

  /// A handler's metadata that is not sent.
  func isUnsendable(_ key: String) {
    logger.debug("metadata left out", metadata: ["key": "\(key)"])
  }
}
