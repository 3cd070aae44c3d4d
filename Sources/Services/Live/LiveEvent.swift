// SPDX-License-Identifier: Apache-2.0

package import Domain
package import RPCRuntime

/// Where a subscription begins.
package struct LiveStart: Hashable, Sendable {
  /// Everything up to and including this `seq` is history; what follows is live.
  package let cursor: Int64
  /// The sensors known so far that the filter lets through, ordered by key.
  package let series: [Sensor]
}

/// What a subscription yields, in order.
package enum LiveEvent: Hashable, Sendable {
  /// Announces sensors that later blocks use.
  case series(MessageFrame)
  /// One committed batch, shared by all subscriptions of the view.
  case block(cursor: Int64, MessageFrame)
  /// Batches that were not sent.
  case gap(ClosedRange<Int64>)
}

/// What happens to a reader that the live window has moved past.
package enum SlowReader: Hashable, Sendable {
  /// Its stream ends with ``LiveError/overtaken(missed:oldest:)``.
  case close
  /// It receives one ``LiveEvent/gap(_:)`` and goes on with the oldest entry still held.
  case gap
}
