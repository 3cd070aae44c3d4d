// SPDX-License-Identifier: Apache-2.0

import NIOCore

@testable import RPCRuntime

/// Calls a router as a connection does whose client may have shown a certificate; with one empty message.
struct CertifiedCall {
  let router: RPCRouter
  let identity: PeerIdentity?

  /// - Returns: the code that the call ends with.
  func outcome(_ method: MethodDescriptor, _ options: CallOptions) async -> StatusCode {
    guard let handler = router.handler(path: method.path) else { return .unimplemented }
    let context = ServerContext(
      method: method, authority: options.authority ?? "", peer: "127.0.0.1:1", deadline: nil,
      peerIdentity: identity, metadata: options.metadata)
    do throws(RPCError) {
      try await handler.run(OneEmptyMessage(), Nowhere(), context)
      return .ok
    } catch {
      return error.code
    }
  }
}

private actor OneEmptyMessage: RequestSource {
  private var isSent = false

  func nextRequest() async throws(RPCError) -> ByteBuffer? {
    defer { isSent = true }
    return isSent ? nil : ByteBuffer()
  }
}

private actor Nowhere: ResponseSink {
  func write(_ message: MessageFrame) async throws(RPCError) {}
}
