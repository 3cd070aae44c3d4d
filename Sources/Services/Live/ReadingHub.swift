// SPDX-License-Identifier: Apache-2.0

package import Domain
import Synchronization

/// Hands committed readings to live subscriptions, in `seq` order, each exactly once.
///
/// A publisher never waits for a reader: it appends to the views of its tenant and returns. Tenants
/// without subscriptions cost nothing. Lock order: hub, feed, view; no lock is held across `await`,
/// while encoding blocks or while resuming tasks.
package final class ReadingHub: CommitListener {
  private struct Feeds {
    var byTenant: [Int64: (feed: TenantFeed, users: Int)] = [:]
    var isClosed = false
  }

  private let store: any ReadingStore
  private let codec: any JournalCodec
  private let encoding: LiveEncoding
  private let limits: LiveLimits
  private let clock: any Clock<Duration>
  private let feeds = Mutex(Feeds())
  private let requests: AsyncStream<JournalRequest>
  private let ask: AsyncStream<JournalRequest>.Continuation

  /// - Parameters:
  ///   - store: read for cursors and for what was not announced.
  ///   - codec: reads the journal's payloads.
  ///   - clock: measures the pauses before the journal is read.
  package init(
    store: any ReadingStore, codec: any JournalCodec, encoding: LiveEncoding,
    limits: LiveLimits = LiveLimits(), clock: any Clock<Duration> = ContinuousClock()
  ) {
    self.store = store
    self.codec = codec
    self.encoding = encoding
    self.limits = limits
    self.clock = clock
    // At most two requests per feed are on their way: its flags see to that.
    (requests, ask) = AsyncStream.makeStream()
  }

  // MARK: Publishing

  package func committed(_ entry: JournalEntry, readings: [ValidReading], tenant: Tenant) {
    guard let feed = feed(of: tenant) else { return }
    offer([CommittedBatch(seq: entry.seq, readings: readings)], to: feed)
  }

  package func commitUncertain(for tenant: Tenant) {
    guard let feed = feed(of: tenant), feed.shouldBeginDoubt() else { return }
    ask.yield(JournalRequest(feed: feed, reason: .uncertainCommit))
  }

  private func feed(of tenant: Tenant) -> TenantFeed? {
    feeds.withLock { $0.byTenant[tenant.id]?.feed }
  }

  private func offer(_ batches: [CommittedBatch], to feed: TenantFeed) {
    feed.offer(batches)
    lookForHole(in: feed)
  }

  private func lookForHole(in feed: TenantFeed) {
    if feed.shouldBeginFill() { ask.yield(JournalRequest(feed: feed, reason: .hole)) }
  }

  // MARK: Subscribing

  /// Begins a subscription: with start cursor c, it yields what was committed at c+1, c+2, … as far as
  /// the filter lets it through.
  /// - Parameters:
  ///   - series: the sensors that the catalogue knows for the filter; others are announced when their
  ///     first reading arrives.
  ///   - slowReader: what to do when the live window moves past the reader.
  package func subscribe(
    to tenant: Tenant, filter: SensorFilter, series: [Sensor], slowReader: SlowReader
  ) async throws(LiveError) -> (start: LiveStart, subscription: ReadingSubscription) {
    // From here on the feed hears of commits; only then is the cursor read: nothing falls in between.
    let feed = try reserve(tenant)
    do {
      if feed.last == nil {
        feed.start(at: try await cursor(of: tenant))
        lookForHole(in: feed)
      }
      let (view, start, position) = try feed.join(filter, series: series, slowReader: slowReader)
      return (start, ReadingSubscription(hub: self, feed: feed, view: view, at: position))
    } catch {
      release(feed)
      throw error
    }
  }

  private func cursor(of tenant: Tenant) async throws(LiveError) -> Int64 {
    do { return try await store.cursor(of: tenant) } catch { throw .store(error) }
  }

  private func reserve(_ tenant: Tenant) throws(LiveError) -> TenantFeed {
    try feeds.withLock { feeds throws(LiveError) -> TenantFeed in
      guard !feeds.isClosed else { throw .closed }
      guard let (feed, users) = feeds.byTenant[tenant.id] else {
        let feed = TenantFeed(tenant: tenant, encoding: encoding, limits: limits)
        feeds.byTenant[tenant.id] = (feed, 1)
        return feed
      }
      guard users < limits.maxSubscriptionsPerTenant else {
        throw .tooManySubscriptions(limit: limits.maxSubscriptionsPerTenant)
      }
      feeds.byTenant[tenant.id]?.users = users + 1
      return feed
    }
  }

  /// Gives back what ``reserve(_:)`` took.
  func release(_ feed: TenantFeed) {
    let isLast = feeds.withLock { feeds in
      guard let (current, users) = feeds.byTenant[feed.tenant.id], current === feed else {
        return false
      }
      feeds.byTenant[feed.tenant.id] = users > 1 ? (feed, users - 1) : nil
      return users == 1
    }
    if isLast { feed.end(.closed) }
  }

  /// Subscriptions of a tenant at this moment.
  package func subscriptions(of tenant: Tenant) -> Int {
    feeds.withLock { $0.byTenant[tenant.id]?.users ?? 0 }
  }

  /// Ends all subscriptions with ``LiveError/closed`` and lets no new ones in.
  package func close() {
    let open = feeds.withLock { feeds in
      feeds.isClosed = true
      let open = feeds.byTenant.values.map(\.feed)
      feeds.byTenant = [:]
      return open
    }
    for feed in open { feed.end(.closed) }
    ask.finish()
  }

  // MARK: Reading the journal

  /// Reads from the journal what was not announced, until cancelled or ``close()``d; then all
  /// subscriptions end. To be run once.
  package func run() async {
    await withDiscardingTaskGroup { group in
      for await request in requests {
        group.addTask { await self.answer(request) }
      }
    }
    close()
  }

  private func answer(_ request: JournalRequest) async {
    let feed = request.feed
    switch request.reason {
    case .hole:
      repeat {
        guard await pause(limits.holeWait) else { return }
        await catchUp(feed, unannounced: false)
      } while !feed.mayEndFill()
    case .uncertainCommit:
      for wait in limits.uncertainWaits {
        guard await pause(wait) else { return }
        await catchUp(feed, unannounced: true)
      }
      feed.endDoubt()
    }
  }

  /// Reads journal pages after the feed's position until no hole is left.
  /// - Parameter unannounced: true to read at least up to the journal's end.
  private func catchUp(_ feed: TenantFeed, unannounced: Bool) async {
    var unannounced = unannounced
    var wait = limits.holeWait
    while feed.isOpen, let last = feed.last, unannounced || feed.hasHole {
      let entries: [JournalEntry]
      do {
        entries = try await store.journal(of: feed.tenant, after: last, limit: limits.journalPage)
      } catch .failed(let state, let message) {
        fail(feed, .store(.failed(sqlState: state, message)))
        return
      } catch {
        guard await pause(wait) else { return }
        wait = min(wait * 2, limits.maxRetryWait)
        continue
      }
      if entries.count < limits.journalPage { unannounced = false }
      if entries.isEmpty {
        guard feed.hasHole else { continue }
        guard await pause(wait) else { return }
        wait = min(wait * 2, limits.maxRetryWait)
      } else {
        wait = limits.holeWait
        offer(batches(entries, after: last), to: feed)
      }
    }
  }

  /// What journal rows hold; positions that have no row, or an unreadable one, are lost.
  private func batches(_ entries: [JournalEntry], after last: Int64) -> [CommittedBatch] {
    var batches: [CommittedBatch] = []
    var previous = last
    for entry in entries {
      // `seq` is dense and ascends in commit order: what is not there has been deleted.
      if entry.seq > previous + 1 {
        batches.append(CommittedBatch(lost: (previous + 1)...(entry.seq - 1)))
      }
      batches.append(CommittedBatch(seq: entry.seq, readings: codec.decode(entry.payload)))
      previous = entry.seq
    }
    return batches
  }

  private func fail(_ feed: TenantFeed, _ error: LiveError) {
    feeds.withLock { feeds in
      if feeds.byTenant[feed.tenant.id]?.feed === feed { feeds.byTenant[feed.tenant.id] = nil }
    }
    feed.end(error)
  }

  /// - Returns: false when the task was cancelled.
  private func pause(_ duration: Duration) async -> Bool {
    guard duration > .zero else { return !Task.isCancelled }
    do {
      try await clock.sleep(for: duration)
      return true
    } catch {
      return false
    }
  }
}

/// A feed for which the journal must be read, and why.
struct JournalRequest: Sendable {
  enum Reason {
    case hole
    case uncertainCommit
  }

  let feed: TenantFeed
  let reason: Reason
}
