// SPDX-License-Identifier: Apache-2.0

package import Domain

/// Why a live stream could not start or go on.
package enum LiveError: Error, Hashable, Sendable {
  /// The tenant has as many subscriptions as it may.
  case tooManySubscriptions(limit: Int)
  /// The tenant subscribes to as many different filters as it may.
  case tooManyViews(limit: Int)
  /// The reader fell out of the live window; `oldest` is the first cursor still held.
  case overtaken(missed: Int64, oldest: Int64)
  /// Batches that were committed can no longer be read.
  case lost(ClosedRange<Int64>)
  /// The store could not answer.
  case store(StoreError)
  /// The server is stopping.
  case closed
  /// The task that waits was cancelled.
  case cancelled
}
