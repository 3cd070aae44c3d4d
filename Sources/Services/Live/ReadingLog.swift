// SPDX-License-Identifier: Apache-2.0

import Domain
import NIOCore
import RPCRuntime

/// The newest encoded batches of one view: a ring bounded in entries and bytes. Entries are addressed by
/// ordinal, counted from 0 since the view began; readers keep an ordinal and nothing else.
///
///     forgotten │ first ── kept ── end │ to come
struct ReadingLog {
  /// One committed batch as the view's readers see it.
  struct Entry {
    enum Content {
      case block(MessageFrame)
      case lost
    }

    /// Journal positions covered; one, unless lost.
    let range: ClosedRange<Int64>
    let content: Content
    /// Announcements that the block needs: those numbered `before..<after` are new with this entry.
    let announcementsBefore: Int
    let announcementsAfter: Int
    /// Those new announcements, encoded; nil when there are none.
    let announcement: MessageFrame?

    /// Memory held, in bytes.
    var cost: Int {
      var bytes = MemoryLayout<Entry>.stride + (announcement?.framed.storageCapacity ?? 0)
      if case .block(let frame) = content { bytes += frame.framed.storageCapacity }
      return bytes
    }
  }

  /// Ordinal of the oldest entry kept.
  private(set) var first: Int64 = 0
  /// Memory held by all entries, in bytes.
  private(set) var bytes = 0
  private var entries = CircularBuffer<Entry>()
  private let maxEntries: Int
  private var maxBytes: Int

  init(maxEntries: Int, maxBytes: Int) {
    self.maxEntries = max(1, maxEntries)
    self.maxBytes = maxBytes
  }

  /// Ordinal that the next entry will have.
  var end: Int64 { first + Int64(entries.count) }

  /// - Parameter ordinal: within `first..<end`.
  subscript(ordinal: Int64) -> Entry {
    entries[entries.index(entries.startIndex, offsetBy: Int(ordinal - first))]
  }

  /// Appends and forgets the oldest entries beyond the limits.
  mutating func append(_ entry: Entry) {
    entries.append(entry)
    bytes += entry.cost
    trim()
  }

  /// Changes the byte limit; takes effect at once.
  mutating func setMaxBytes(_ limit: Int) {
    maxBytes = limit
    trim()
  }

  private mutating func trim() {
    while entries.count > maxEntries || (bytes > maxBytes && entries.count > 1),
      let oldest = entries.popFirst()
    {
      bytes -= oldest.cost
      first += 1
    }
  }
}
