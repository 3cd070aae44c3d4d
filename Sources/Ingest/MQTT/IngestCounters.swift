// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What a subscriber has done since it was made. A point counts when its batch was committed; one that
/// is delivered again counts again, as a duplicate.
package struct IngestCounters: Hashable, Sendable {
  /// MQTT messages acknowledged after their commit.
  package var messages = 0
  package var payloadBytes = 0
  package var stored = 0
  package var duplicates = 0
  package var quarantined = 0
  /// Commits of a batch that succeeded.
  package var batches = 0
  /// Attempts that failed and were tried again.
  package var retries = 0
  /// Batches given back to the broker because no attempt succeeded.
  package var abandonedBatches = 0
  /// Connections made.
  package var connections = 0
  /// Whether a connection stands now.
  package var isConnected = false
  /// Whether the broker has granted this connection's subscription.
  package var isSubscribed = false

  package init() {}

  /// Points that ended somewhere: `stored + duplicates + quarantined`.
  package var points: Int { stored + duplicates + quarantined }
}

/// Counters that one thread changes and any may read.
final class CounterBox: Sendable {
  private let counters = Mutex(IngestCounters())

  var snapshot: IngestCounters { counters.withLock { $0 } }

  func update(_ change: (inout IngestCounters) -> Void) {
    counters.withLock { change(&$0) }
  }
}
