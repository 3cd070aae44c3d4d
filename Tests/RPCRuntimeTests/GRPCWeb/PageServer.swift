// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization

/// Serves one page, whatever is asked for: gives a browser an origin.
final class PageServer: Sendable {
  /// May be set once the origin is known.
  let page = Mutex("")
  private let state = Mutex((any Channel)?.none)

  var origin: String { "http://127.0.0.1:\(state.withLock { $0?.localAddress?.port } ?? 0)" }

  static func run(_ body: (PageServer) async throws -> Void) async throws {
    let server = PageServer()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Answer(server))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    server.state.withLock { $0 = channel }
    do {
      try await body(server)
    } catch {
      try await channel.close()
      throw error
    }
    try await channel.close()
  }

  private final class Answer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: PageServer
    private var request = ""

    init(_ server: PageServer) {
      self.server = server
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      request += String(buffer: unwrapInboundIn(data))
      guard request.contains("\r\n\r\n") else { return }
      let page = server.page.withLock { $0 }
      let answer = ByteBuffer(
        string: """
          HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n\
          content-length: \(page.utf8.count)\r\nconnection: close\r\n\r\n\(page)
          """)
      context.writeAndFlush(NIOAny(answer)).assumeIsolated().whenComplete { _ in
        context.close(promise: nil)
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }
}
