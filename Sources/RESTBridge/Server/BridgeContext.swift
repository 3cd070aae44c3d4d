// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Logging
import NIOCore

/// What a request knows besides its own text.
struct BridgeContext: InitializableFromSource {
  /// The connection it came on.
  let channel: any Channel
  /// Carries the request's id.
  let logger: Logger

  init(source: ApplicationRequestContextSource) {
    channel = source.channel
    logger = source.logger
  }

  /// Closes the connection after `delay`: what the peer still sends until then is read and dropped, so that
  /// it gets to see the answer.
  func close(after delay: Duration) {
    channel.eventLoop.scheduleTask(in: TimeAmount(delay)) { [channel] in
      channel.close(promise: nil)
    }
  }
}
