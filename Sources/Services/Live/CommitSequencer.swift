// SPDX-License-Identifier: Apache-2.0

import Domain

/// One or more journal positions and what was committed there.
struct CommittedBatch: Hashable, Sendable {
  /// The positions covered; one, unless they are lost.
  let range: ClosedRange<Int64>
  /// nil: these positions can no longer be read.
  let readings: [ValidReading]?

  init(seq: Int64, readings: [ValidReading]?) {
    range = seq...seq
    self.readings = readings
  }

  init(lost range: ClosedRange<Int64>) {
    self.range = range
    readings = nil
  }
}

/// Puts one tenant's commits, announced in any order, into `seq` order.
///
///     announced:  12  11  14  14  15            published:  11  12 | hole at 13 | 14  15
///
/// What is held ahead of a hole is a bounded cache: when it is full the highest positions are forgotten
/// and read from the journal later, so that the next position wanted always finds room.
struct CommitSequencer {
  /// The newest position published; nil before ``start(at:)``.
  private(set) var last: Int64?
  /// The newest position heard of.
  private var known: Int64 = 0
  private var ahead: [Int64: CommittedBatch] = [:]
  private var aheadReadings = 0
  private let maxBatches: Int
  private let maxReadings: Int

  init(limits: LiveLimits) {
    maxBatches = max(1, limits.maxAheadBatches)
    maxReadings = limits.maxAheadReadings
  }

  /// Everything up to `cursor` is history. Only the first call counts.
  mutating func start(at cursor: Int64) {
    guard last == nil else { return }
    last = cursor
    forgetPublished()
  }

  /// Takes an announcement; positions already published or held are ignored.
  mutating func receive(_ batch: CommittedBatch) {
    known = max(known, batch.range.upperBound)
    if let last, batch.range.upperBound <= last { return }
    // A lost range may overlap what was published meanwhile.
    let key = max(batch.range.lowerBound, (last ?? .min) + 1)
    if let held = ahead[key] {
      guard held.readings == nil, batch.readings != nil else { return }
      remove(key)
    }
    ahead[key] = batch
    aheadReadings += batch.readings?.count ?? 0
    while ahead.count > 1, ahead.count > maxBatches || aheadReadings > maxReadings,
      let highest = ahead.keys.max()
    {
      remove(highest)
    }
  }

  /// The batch to publish next; nil when it is not here (yet).
  var next: CommittedBatch? { last.flatMap { ahead[$0 + 1] } }

  /// The batch that ``next`` showed has been published.
  mutating func advance() {
    guard let published = next else { return }
    last = published.range.upperBound
    remove(published.range.lowerBound)
    if published.range.count > 1 { forgetPublished() }
  }

  /// True when a position is missing that is known to be committed.
  var hasHole: Bool {
    guard let last else { return false }
    return known > last && ahead[last + 1] == nil
  }

  private mutating func forgetPublished() {
    guard let last else { return }
    for key in ahead.keys where key <= last { remove(key) }
  }

  private mutating func remove(_ key: Int64) {
    guard let batch = ahead.removeValue(forKey: key) else { return }
    aheadReadings -= batch.readings?.count ?? 0
  }
}
