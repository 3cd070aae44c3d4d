// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import TrakSenseAPI

/// The part of the past that a request means, defaults filled in.
struct HistoryRange: Hashable, Sendable {
  let from: Timestamp
  let to: Timestamp
  let interval: HistoryInterval

  /// - Parameter cursor: of an earlier answer, whose range and interval hold where the request is silent.
  /// - Throws: INVALID_ARGUMENT naming the field.
  init(
    _ request: TraksenseV1.HistoryRequest, continuing cursor: HistoryCursor?, now: Timestamp,
    limits: TelemetryLimits
  ) throws(RPCError) {
    to = try Self.timestamp(request.to, "to") ?? cursor?.to ?? now
    from =
      try Self.timestamp(request.from, "from") ?? cursor?.from
      ?? to.advanced(by: .seconds(-86_400))
    guard from < to else { throw .invalid("from", "Must be before `to`.") }
    let length = to.since(from)
    switch request.interval {
    case "", "auto":
      interval = cursor?.interval ?? HistoryInterval(auto: length)
    default:
      guard let interval = HistoryInterval(rawValue: request.interval) else {
        let names = HistoryInterval.allCases.map(\.rawValue).joined(separator: ", ")
        throw .invalid("interval", "Must be one of auto, \(names).")
      }
      self.interval = interval
    }
    if let cursor, cursor.from != from || cursor.to != to || cursor.interval != interval {
      throw .invalid("cursor", "Is of another range or interval.")
    }
    let longest = interval == .raw ? limits.maxRawRange : limits.maxBucketRange
    guard length <= longest else {
      let days = longest.components.seconds / 86_400
      throw .invalid(
        "from", "The range is longer than \(days) days, the most for \(interval.rawValue).")
    }
  }

  /// - Parameters:
  ///   - names: of the request's fields.
  ///   - length: of the range when its start is absent.
  /// - Throws: INVALID_ARGUMENT naming the field.
  static func range(
    _ from: ProtoTimestamp?, _ to: ProtoTimestamp?, names: (from: String, to: String),
    length: Duration = .seconds(86_400), longest: Duration, now: Timestamp
  ) throws(RPCError) -> Range<Timestamp> {
    let end = try timestamp(to, names.to) ?? now
    let start = try timestamp(from, names.from) ?? end.advanced(by: .zero - length)
    guard start < end else { throw .invalid(names.from, "Must be before `\(names.to)`.") }
    guard end.since(start) <= longest else {
      let days = longest.components.seconds / 86_400
      throw .invalid(names.from, "The range is longer than \(days) days.")
    }
    return start..<end
  }

  static func timestamp(
    _ proto: ProtoTimestamp?, _ field: String
  ) throws(RPCError) -> Timestamp? {
    guard let proto else { return nil }
    guard let timestamp = Timestamp(proto) else {
      throw .invalid(field, "Is not within the years 1 to 9999.")
    }
    return timestamp
  }
}
