// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore

/// Closes a connection whose peer reads so little that its buffers stay full. Without it a client that
/// vanished without a word would hold its stream until the kernel gives up, a quarter of an hour.
final class StalledWriteHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = Any

  private let limit: TimeAmount
  private var timer: Scheduled<Void>?

  /// - Parameter limit: how long the buffers may stay full.
  init(limit: Duration) {
    self.limit = TimeAmount(limit)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      timer?.cancel()
      timer = nil
    } else if timer == nil {
      timer = context.eventLoop.scheduleTask(in: limit) { [channel = context.channel] in
        channel.close(promise: nil)
      }
    }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    context.fireChannelInactive()
  }
}
