// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization

/// A cursor into a tenant's live readings, for one consumer. Dropping it ends the subscription.
///
/// Costs this object, a slot in its view, and one continuation while it waits.
package final class ReadingSubscription: Sendable {
  private let hub: ReadingHub
  private let feed: TenantFeed
  private let view: ReadingView
  private let slot: Int
  private let position: Mutex<ReadingView.Position>

  init(hub: ReadingHub, feed: TenantFeed, view: ReadingView, at position: ReadingView.Position) {
    self.hub = hub
    self.feed = feed
    self.view = view
    slot = position.slot
    self.position = Mutex(position)
  }

  deinit {
    feed.leave(view, slot: slot)
    hub.release(feed)
  }

  /// The next event; suspends while there is none. To be called by one task at a time.
  /// - Throws: why the subscription ended; `.cancelled` when the task was cancelled.
  package func next() async throws(LiveError) -> LiveEvent {
    while !Task.isCancelled {
      if let event = try poll() { return event }
      await view.wait(position.withLock { $0 })
    }
    throw .cancelled
  }

  /// The next event; nil while there is none.
  /// - Throws: why the subscription ended.
  ///
  /// Not inlined into ``next()``, whose frame lives as long as the subscription waits.
  @inline(never)
  package func poll() throws(LiveError) -> LiveEvent? {
    let read = position.withLock { position -> Result<LiveEvent?, LiveError> in
      Result { () throws(LiveError) in try view.read(&position) }
    }
    return try read.get()
  }
}
