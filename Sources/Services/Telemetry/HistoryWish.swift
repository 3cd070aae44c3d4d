// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import TrakSenseAPI

/// What a request for history means: cursor and defaults filled in, everything checked.
struct HistoryWish: Hashable, Sendable {
  enum Amount: Hashable, Sendable {
    /// The whole range, or up to so many points.
    case points(atMost: Int?)
    /// So many points of each series, chosen for the look of its curve.
    case downsampled(Int)
  }

  let range: HistoryRange
  let amount: Amount
  /// Where an earlier answer ended.
  let position: HistoryPosition?

  /// Points of each series that stay when the request does not say.
  private static let defaultSamples: UInt32 = 500
  private static let samples: ClosedRange<UInt32> = 3...10_000

  /// - Throws: INVALID_ARGUMENT naming the field.
  init(
    _ request: TraksenseV1.HistoryRequest, now: Timestamp, limits: TelemetryLimits
  ) throws(RPCError) {
    var cursor: HistoryCursor?
    if !request.cursor.isEmpty {
      guard let parsed = HistoryCursor(request.cursor) else {
        throw .invalid("cursor", "Is not a `next_cursor` of a history.")
      }
      cursor = parsed
    }
    range = try HistoryRange(request, continuing: cursor, now: now, limits: limits)
    position = cursor?.position
    switch request.downsample {
    case "":
      guard request.points == 0 else {
        throw .invalid("points", "Goes together with `downsample` only.")
      }
      amount = .points(atMost: request.limit == 0 ? nil : Int(request.limit))
    case "lttb":
      guard request.limit == 0 else {
        throw .invalid("limit", "Does not go together with `downsample`: see `points`.")
      }
      guard cursor == nil else {
        throw .invalid("cursor", "Does not go together with `downsample`.")
      }
      let points = request.points == 0 ? Self.defaultSamples : request.points
      guard Self.samples.contains(points) else {
        throw .invalid(
          "points", "Must be from \(Self.samples.lowerBound) to \(Self.samples.upperBound).")
      }
      amount = .downsampled(Int(points))
    default:
      throw .invalid("downsample", "Must be lttb.")
    }
  }

  /// Where the rest begins.
  func cursor(after position: HistoryPosition) -> HistoryCursor {
    HistoryCursor(interval: range.interval, from: range.from, to: range.to, position: position)
  }
}
