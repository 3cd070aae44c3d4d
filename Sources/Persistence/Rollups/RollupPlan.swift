// SPDX-License-Identifier: Apache-2.0
import Domain

/// Which tables a range is read from, so that the answer equals a recomputation from all readings: rollups
/// where whole rows of them lie within the range and are up to date, finer tables elsewhere.
struct RollupPlan: Hashable, Sendable {
  /// A part of the range that comes from one table.
  struct Piece: Hashable, Sendable {
    let level: RollupLevel
    let range: Range<Timestamp>
  }

  /// Stretches of dirty hours that are kept apart; more are taken as one, which costs time, not truth.
  private static let maxDirtyRuns = 32

  /// Ascending; together the range.
  private(set) var pieces: [Piece] = []
  /// Ascending, disjoint.
  private let dirty: [Range<Timestamp>]

  /// - Parameters:
  ///   - range: what is wanted.
  ///   - level: coarsest table that may be used.
  ///   - dirtyHours: starts of the hours whose rollups are not up to date, ascending.
  init(_ range: Range<Timestamp>, level: RollupLevel, dirtyHours: [Timestamp]) {
    dirty = Self.runs(dirtyHours.map { $0..<RollupLevel.hour.end(from: $0) })
    cover(range, level)
  }

  private mutating func cover(_ range: Range<Timestamp>, _ level: RollupLevel) {
    guard !range.isEmpty else { return }
    guard let finer = level.finer else {
      append(Piece(level: level, range: range))
      return
    }
    let (first, end) = (level.ceiling(range.lowerBound), level.floor(range.upperBound))
    guard first < end else { return cover(range, finer) }
    var position = first
    cover(range.lowerBound..<first, finer)
    let stale = Self.runs(
      dirty.map { level.floor($0.lowerBound)..<level.ceiling($0.upperBound) })
    for run in stale where run.upperBound > position && run.lowerBound < end {
      let staleStart = max(run.lowerBound, position)
      let staleEnd = min(run.upperBound, end)
      if position < staleStart { append(Piece(level: level, range: position..<staleStart)) }
      cover(staleStart..<staleEnd, finer)
      position = staleEnd
    }
    if position < end { append(Piece(level: level, range: position..<end)) }
    cover(end..<range.upperBound, finer)
  }

  private mutating func append(_ piece: Piece) {
    if let last = pieces.last, last.level == piece.level,
      last.range.upperBound == piece.range.lowerBound
    {
      pieces[pieces.count - 1] = Piece(
        level: piece.level, range: last.range.lowerBound..<piece.range.upperBound)
    } else {
      pieces.append(piece)
    }
  }

  /// Adjacent and overlapping ranges joined.
  private static func runs(_ ranges: [Range<Timestamp>]) -> [Range<Timestamp>] {
    var runs: [Range<Timestamp>] = []
    for range in ranges {
      if let last = runs.last, range.lowerBound <= last.upperBound {
        runs[runs.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        runs.append(range)
      }
    }
    guard runs.count > maxDirtyRuns, let first = runs.first, let last = runs.last else {
      return runs
    }
    return [first.lowerBound..<last.upperBound]
  }
}

extension RollupLevel {
  /// Where the row that starts at `start` ends.
  func end(from start: Timestamp) -> Timestamp {
    let (end, overflow) = start.microseconds.addingReportingOverflow(width)
    return Timestamp(microseconds: overflow ? .max : end)
  }
}
