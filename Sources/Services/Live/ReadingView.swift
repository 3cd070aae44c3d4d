// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Synchronization

/// All subscriptions of one tenant that have the same filter: what they want is encoded once.
///
/// Guarded by one lock that is never held while encoding a block or resuming a task. Its owner,
/// ``TenantFeed``, publishes from one thread at a time.
final class ReadingView: Sendable {
  /// A subscription's place in the view.
  struct Position {
    /// The entry to read next.
    var ordinal: Int64
    /// The newest journal position delivered or reported as missed.
    var through: Int64
    /// The number of the first announcement not yet delivered.
    var announced: Int
    let slowReader: SlowReader
    let slot: Int
  }

  private struct State {
    var log: ReadingLog
    var dictionary = SeriesDictionary()
    var waiting = WaitSlots()
    /// The newest journal position that was looked at.
    var through: Int64
    /// Announcements that the entries so far have carried.
    var carried = 0
    var end: LiveError?
  }

  let filter: SensorFilter
  private let encoding: LiveEncoding
  private let state: Mutex<State>

  /// - Parameter through: the journal position after which the view begins.
  init(filter: SensorFilter, after through: Int64, encoding: LiveEncoding, limits: LiveLimits) {
    self.filter = filter
    self.encoding = encoding
    state = Mutex(
      State(
        log: ReadingLog(maxEntries: limits.maxViewEntries, maxBytes: limits.maxViewBytes),
        through: through))
  }

  /// Memory held by the log, in bytes.
  var bytes: Int { state.withLock { $0.log.bytes } }

  func setMaxBytes(_ limit: Int) {
    state.withLock { $0.log.setMaxBytes(limit) }
  }

  // MARK: Publishing

  /// Appends what of a batch the filter lets through, and wakes the readers. Costs one encoding, or none
  /// when nothing matches.
  func publish(_ batch: CommittedBatch) {
    guard let readings = batch.readings else {
      append(batch.range, .lost, announcements: nil)
      return
    }
    let seq = batch.range.upperBound
    let selected = state.withLock { state -> (readings: [ValidReading], announce: Announcements)? in
      var matching: [ValidReading] = []
      for reading in readings {
        if !state.dictionary.knows(reading.sensor) {
          guard filter.admits(reading.sensor) else { continue }
          state.dictionary.add(reading.sensor)
        }
        matching.append(reading)
      }
      guard !matching.isEmpty else {
        state.through = max(state.through, seq)
        return nil
      }
      // Sensors that joining readers brought are new for those who were here before.
      let (before, after) = (state.carried, state.dictionary.announcements)
      let sensors = before < after ? state.dictionary.announced(since: before) : []
      return (matching, Announcements(before: before, after: after, sensors: sensors))
    }
    guard let selected else { return }
    let block = encoding.block(seq, selected.readings)
    append(batch.range, .block(block), announcements: selected.announce)
  }

  /// New announcements, numbered `before..<after`.
  private struct Announcements {
    let before: Int
    let after: Int
    let sensors: [Sensor]
  }

  private func append(
    _ range: ClosedRange<Int64>, _ content: ReadingLog.Entry.Content,
    announcements: Announcements?
  ) {
    let frame = announcements.flatMap {
      $0.sensors.isEmpty ? nil : encoding.seriesAdded($0.sensors)
    }
    let waiters = state.withLock { state in
      state.log.append(
        ReadingLog.Entry(
          range: range, content: content,
          announcementsBefore: announcements?.before ?? state.carried,
          announcementsAfter: announcements?.after ?? state.carried, announcement: frame))
      state.carried = max(state.carried, announcements?.after ?? 0)
      state.through = max(state.through, range.upperBound)
      return state.waiting.takeAll()
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Ends all subscriptions.
  func end(_ error: LiveError) {
    let waiters = state.withLock { state in
      if state.end == nil { state.end = error }
      return state.waiting.takeAll()
    }
    for waiter in waiters { waiter.resume() }
  }

  // MARK: Reading

  /// A new reader begins after what was published so far.
  func join(series: [Sensor], slowReader: SlowReader) -> (LiveStart, Position) {
    state.withLock { state in
      for sensor in series where filter.admits(sensor) { state.dictionary.add(sensor) }
      if state.waiting.count == 0 { state.carried = state.dictionary.announcements }
      let position = Position(
        ordinal: state.log.end, through: state.through,
        announced: state.dictionary.announcements, slowReader: slowReader,
        slot: state.waiting.add())
      return (LiveStart(cursor: state.through, series: state.dictionary.all()), position)
    }
  }

  /// - Returns: how many readers are left.
  func leave(_ slot: Int) -> Int {
    state.withLock { state in
      state.waiting.remove(slot)
      return state.waiting.count
    }
  }

  /// Moves a reader one event on.
  /// - Returns: nil when it has caught up.
  func read(_ position: inout Position) throws(LiveError) -> LiveEvent? {
    let (outcome, moved) = state.withLock { [position] state in
      var position = position
      let outcome = Self.read(&position, in: state, encoding)
      return (outcome, position)
    }
    position = moved
    return try outcome.get()
  }

  private static func read(
    _ position: inout Position, in state: State, _ encoding: LiveEncoding
  ) -> Result<LiveEvent?, LiveError> {
    if let end = state.end { return .failure(end) }
    if position.ordinal < state.log.first {
      let oldest = state.log[state.log.first].range.lowerBound
      switch position.slowReader {
      case .close:
        return .failure(.overtaken(missed: position.through + 1, oldest: oldest))
      case .gap:
        let gap = (position.through + 1)...(oldest - 1)
        position.ordinal = state.log.first
        position.through = gap.upperBound
        return .success(.gap(gap))
      }
    }
    guard position.ordinal < state.log.end else { return .success(nil) }
    let entry = state.log[position.ordinal]
    if position.announced < entry.announcementsAfter {
      if let shared = entry.announcement, position.announced >= entry.announcementsBefore {
        position.announced = entry.announcementsAfter
        return .success(.series(shared))
      }
      // The entries that announced these were missed.
      let missed = state.dictionary.announced(since: position.announced)
      position.announced = state.dictionary.announcements
      if !missed.isEmpty { return .success(.series(encoding.seriesAdded(missed))) }
    }
    position.ordinal += 1
    position.through = entry.range.upperBound
    switch entry.content {
    case .block(let frame):
      return .success(.block(cursor: entry.range.upperBound, frame))
    case .lost:
      switch position.slowReader {
      case .close: return .failure(.lost(entry.range))
      case .gap: return .success(.gap(entry.range))
      }
    }
  }

  /// Suspends until there may be something new for this reader, or its task is cancelled.
  func wait(_ position: Position) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let parked = state.withLock { state in
          // Cancellation sets the flag before it runs the handler below: either it is seen here, or
          // the handler finds the waiter.
          if state.end != nil || position.ordinal < state.log.end || Task.isCancelled {
            return false
          }
          state.waiting.park(waiter, in: position.slot)
          return true
        }
        if !parked { waiter.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiting.take(position.slot) }?.resume()
    }
  }
}
