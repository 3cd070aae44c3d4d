// SPDX-License-Identifier: Apache-2.0

/// Shares out among a connection's streams what their unfinished requests may hold, by holding back the
/// flow-control credit of those that want more (RFC 9113 §5.2). One stream may always go on beyond the
/// budget, so that requests are finished one after the other where there is no room for all at once.
struct RequestBudget {
  /// Bytes of all unfinished requests from which on credit is held back.
  private let limit: Int
  /// Bytes that every stream may hold, however much the others do.
  private let share: Int
  /// Streams whose credit is held back, in the order in which they wait.
  private var waiting: [(stream: StreamID, credit: Int)] = []
  /// Who may go on beyond the limit, and how much it held when ``looksStuck(_:)`` was last asked.
  private var favoured: StreamID?
  private var seenUnfinished: (stream: StreamID, bytes: Int)?

  init(_ limits: ServerLimits) {
    limit = limits.maxBufferedRequestBytes
    let each = limits.maxBufferedRequestBytes / max(1, limits.maxConcurrentStreams)
    // What its window admits comes on top.
    share = max(Self.smallestShare, each - limits.streamWindow)
  }

  /// A frame's worth.
  private static let smallestShare = 16 * 1024

  /// True when credit is held back.
  var holdsCredit: Bool { !waiting.isEmpty }

  /// A stream has received part of a message.
  /// - Parameters:
  ///   - credit: what the peer would get back of the stream's window.
  ///   - unfinished: what the stream holds now.
  ///   - total: what all of the connection's streams hold.
  /// - Returns: what of `credit` is given back now; the rest later.
  mutating func admit(
    _ credit: Int, for stream: StreamID, unfinished: Int, total: @autoclosure () -> Int
  ) -> Int {
    guard unfinished > share else { return credit }
    if let index = waiting.firstIndex(where: { $0.stream == stream }) {
      waiting[index].credit += credit
      return 0
    }
    if total() <= limit || favoured == stream { return credit }
    if favoured == nil {
      favoured = stream
      return credit
    }
    waiting.append((stream, credit))
    return 0
  }

  /// Something may have been finished.
  /// - Parameters:
  ///   - unfinished: what a stream holds; nil when it is gone.
  ///   - total: what all of them hold.
  /// - Returns: credit to be given back now.
  mutating func release(
    total: Int, unfinished: (StreamID) -> Int?
  ) -> [(stream: StreamID, credit: Int)] {
    if let favoured, unfinished(favoured) ?? 0 == 0 { self.favoured = nil }
    var released: [(stream: StreamID, credit: Int)] = []
    var total = total
    while let next = waiting.first {
      if unfinished(next.stream) ?? 0 > 0 {
        // What is admitted will be held.
        total += next.credit
        if total > limit {
          guard favoured == nil else { break }
          favoured = next.stream
        }
      }
      released.append(next)
      waiting.removeFirst()
    }
    return released
  }

  /// Asked now and then.
  /// - Returns: the stream that others wait for and that has received nothing since the last time.
  mutating func looksStuck(_ unfinished: (StreamID) -> Int?) -> StreamID? {
    guard let favoured, holdsCredit, let bytes = unfinished(favoured) else {
      seenUnfinished = nil
      return nil
    }
    defer { seenUnfinished = (favoured, bytes) }
    return seenUnfinished.map { $0 == (favoured, bytes) } == true ? favoured : nil
  }
}
