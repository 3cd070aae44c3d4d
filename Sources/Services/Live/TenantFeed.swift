// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization

/// One tenant's commits on their way to its views. Exists while the tenant has subscriptions.
///
/// Any thread may announce; the first to find work publishes for all (the others return at once), so that
/// order is kept without a queue of threads. Lock order: feed, then view.
final class TenantFeed: Sendable {
  private struct State {
    var sequencer: CommitSequencer
    var views: [SensorFilter: ReadingView] = [:]
    var isPublishing = false
    /// Somebody is about to read the journal because of a hole.
    var isFilling = false
    /// Somebody is about to read the journal because a commit's answer was lost.
    var isDoubting = false
    var end: LiveError?
  }

  let tenant: Tenant
  private let encoding: LiveEncoding
  private let limits: LiveLimits
  private let state: Mutex<State>

  init(tenant: Tenant, encoding: LiveEncoding, limits: LiveLimits) {
    self.tenant = tenant
    self.encoding = encoding
    self.limits = limits
    state = Mutex(State(sequencer: CommitSequencer(limits: limits)))
  }

  /// The newest position published, or being published; nil until one is known.
  var last: Int64? { state.withLock { $0.sequencer.last } }

  /// False once the last subscription has gone or the feed has failed.
  var isOpen: Bool { state.withLock { $0.end == nil } }

  /// True when a position is missing that is known to be committed.
  var hasHole: Bool { state.withLock { $0.sequencer.hasHole } }

  // MARK: Publishing

  /// Everything up to `cursor` is history, unless a position is known already.
  func start(at cursor: Int64) {
    state.withLock { $0.sequencer.start(at: cursor) }
    publish()
  }

  /// Takes commits in any order and publishes what is in order.
  func offer(_ batches: [CommittedBatch]) {
    state.withLock { state in
      for batch in batches { state.sequencer.receive(batch) }
    }
    publish()
  }

  private func publish() {
    let isOurs = state.withLock { state in
      guard !state.isPublishing, state.end == nil else { return false }
      state.isPublishing = true
      return true
    }
    guard isOurs else { return }
    while let (batch, views) = state.withLock({ Self.nextWork(&$0) }) {
      for view in views { view.publish(batch) }
    }
  }

  /// The next batch and the views it goes to. The feed moves on at once: a view created from now on
  /// begins after this batch.
  private static func nextWork(_ state: inout State) -> (CommittedBatch, [ReadingView])? {
    guard state.end == nil, let batch = state.sequencer.next else {
      state.isPublishing = false
      return nil
    }
    state.sequencer.advance()
    return (batch, Array(state.views.values))
  }

  // MARK: Reading the journal

  /// - Returns: true when there is a hole that nobody looks after yet: the caller must.
  func shouldBeginFill() -> Bool {
    state.withLock { state in
      guard state.end == nil, !state.isFilling, state.sequencer.hasHole else { return false }
      state.isFilling = true
      return true
    }
  }

  /// - Returns: false when there is a hole still, which the caller goes on looking after.
  func mayEndFill() -> Bool {
    state.withLock { state in
      guard state.end == nil, state.sequencer.hasHole else {
        state.isFilling = false
        return true
      }
      return false
    }
  }

  /// - Returns: true when nobody looks after a lost answer yet: the caller must.
  func shouldBeginDoubt() -> Bool {
    state.withLock { state in
      guard state.end == nil, !state.isDoubting else { return false }
      state.isDoubting = true
      return true
    }
  }

  func endDoubt() {
    state.withLock { $0.isDoubting = false }
  }

  // MARK: Subscriptions

  /// Joins the view of `filter`, which is created when it is the first subscription.
  /// - Parameter series: the sensors that the catalogue knows for this filter.
  func join(
    _ filter: SensorFilter, series: [Sensor], slowReader: SlowReader
  ) throws(LiveError) -> (ReadingView, LiveStart, ReadingView.Position) {
    try state.withLock {
      state throws(LiveError) -> (ReadingView, LiveStart, ReadingView.Position) in
      if let end = state.end { throw end }
      guard let last = state.sequencer.last else { throw .closed }
      let view: ReadingView
      if let existing = state.views[filter] {
        view = existing
      } else {
        guard state.views.count < limits.maxViewsPerTenant else {
          throw .tooManyViews(limit: limits.maxViewsPerTenant)
        }
        view = ReadingView(filter: filter, after: last, encoding: encoding, limits: limits)
        state.views[filter] = view
        shareBytes(state.views)
      }
      let (start, position) = view.join(series: series, slowReader: slowReader)
      return (view, start, position)
    }
  }

  func leave(_ view: ReadingView, slot: Int) {
    state.withLock { state in
      guard view.leave(slot) == 0, state.views[view.filter] === view else { return }
      state.views[view.filter] = nil
      shareBytes(state.views)
    }
  }

  /// Ends the feed and all its subscriptions; the first reason stays.
  func end(_ error: LiveError) {
    let views = state.withLock { state in
      if state.end == nil { state.end = error }
      return Array(state.views.values)
    }
    for view in views { view.end(error) }
  }

  /// Memory held by the views' logs, in bytes.
  var bytes: Int {
    state.withLock { state in state.views.values.reduce(0) { $0 + $1.bytes } }
  }

  private func shareBytes(_ views: [SensorFilter: ReadingView]) {
    let share = min(limits.maxViewBytes, limits.maxTenantBytes / max(1, views.count))
    for view in views.values { view.setMaxBytes(share) }
  }
}
