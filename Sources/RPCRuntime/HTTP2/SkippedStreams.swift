// SPDX-License-Identifier: Apache-2.0

/// Which streams a client has passed over. It must not open them later (RFC 9113 §5.1.1), but nghttp2, which
/// cannot tell them from streams that it has forgotten, ignores it when one does.
struct SkippedStreams {
  /// Ranges remembered, newest last. Clients count up by two, so that one is rare.
  private static let maxRanges = 8

  private var highest: StreamID = 0
  private var ranges: [ClosedRange<StreamID>] = []

  /// Notes that HEADERS came.
  /// - Returns: false when they are for a stream that was passed over.
  mutating func receivedHeaders(_ stream: StreamID) -> Bool {
    guard stream > highest else { return !ranges.contains { $0.contains(stream) } }
    // Even ones are wrong anyway, and nghttp2 says so.
    guard stream & 1 == 1 else { return true }
    if stream - highest > 2 {
      if ranges.count == Self.maxRanges { ranges.removeFirst() }
      ranges.append((highest + 1)...(stream - 1))
    }
    highest = stream
    return true
  }
}
