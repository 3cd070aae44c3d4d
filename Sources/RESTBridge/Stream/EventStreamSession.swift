// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Logging
import NIOCore
import RPCRuntime
import ServiceLifecycle
import TrakSenseAPI

/// One client that listens: reads the call, writes the response, keeps the connection alive, and ends when
/// the call ends, the client goes or the server stops.
struct EventStreamSession: Sendable {
  let stream: PeekedStream<TraksenseV1.SubscribeResponse>
  let first: TraksenseV1.SubscribeResponse
  let limits: RESTBridgeLimits
  /// Counts the stream for as long as the session lives.
  let ticket: StreamQuota.Ticket
  let logger: Logger

  /// Returns when the stream is over. Cancelling it cancels the call.
  func write(to writer: inout any ResponseBodyWriter) async throws {
    let mailbox = EventMailbox()
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await forward(to: mailbox) }
      tasks.addTask { await keepAlive(mailbox) }
      defer { tasks.cancelAll() }
      try await withGracefulShutdownHandler {
        try await writer.write(ServerSentEvent.retry(after: limits.reconnectDelay))
        while true {
          switch await mailbox.take() {
          case .event(let event): try await writer.write(event)
          case .end(.closed(let detail)):
            try await writer.write(EventStreamEncoder.end(detail))
            try await writer.finish(nil)
            return
          case .end(.cancelled): throw CancellationError()
          }
        }
      } onGracefulShutdown: {
        mailbox.finish(.closed("The server is stopping."))
      }
    }
  }

  private func forward(to mailbox: EventMailbox) async {
    var encoder = EventStreamEncoder(maxReadingsPerEvent: limits.maxReadingsPerEvent)
    do throws(RPCError) {
      var next: TraksenseV1.SubscribeResponse? = first
      while let message = next {
        for event in try encoder.events(for: message) {
          guard await mailbox.put(event) else { return }
        }
        next = try await stream.next()
      }
      mailbox.finish(.closed("The stream has ended."))
    } catch {
      switch RESTError(error).body {
      case .detail(let text): mailbox.finish(.closed(text))
      case .fields: mailbox.finish(.closed(error.message))
      }
      if error.code == .internalError || error.code == .unknown {
        logger.error("stream failed", metadata: ["error": "\(error)"])
      }
    }
  }

  private func keepAlive(_ mailbox: EventMailbox) async {
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: limits.keepAliveInterval)
      } catch {
        // Cancelled: the stream is over.
        return
      }
      mailbox.offerKeepAlive()
    }
  }
}
