// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import TrakSenseAPI

/// What of a status history is wanted.
struct StatusHistoryInput {
  /// Longest range.
  private static let maxRange: Duration = .seconds(366 * 86_400)
  private static let defaultLimit: UInt32 = 500
  private static let maxLimit: UInt32 = 5_000

  /// As asked for.
  let range: Range<Timestamp>
  /// Of it, what is not to come.
  let past: Range<Timestamp>
  /// Most intervals.
  let limit: Int

  /// - Throws: INVALID_ARGUMENT naming the field.
  init(_ request: TraksenseV1.GetStatusHistoryRequest, now: Timestamp) throws(RPCError) {
    range = try HistoryRange.range(
      request.from, request.to, names: ("from", "to"), longest: Self.maxRange, now: now)
    past = range.clamped(to: min(range.lowerBound, now)..<now)
    guard request.limit <= Self.maxLimit else {
      throw .invalid("limit", "Must be at most \(Self.maxLimit).")
    }
    limit = Int(request.limit == 0 ? Self.defaultLimit : request.limit)
  }
}

extension CatalogueDesk {
  /// Changes that one history may be made of. Default 100,000 (about 3 MB). Beyond: INVALID_ARGUMENT.
  private static let maxChanges = 100_000

  /// - Parameter ask: for the changes, at most so many; nil: there are more.
  func history(
    _ wanted: StatusHistoryInput, _ context: ServerContext,
    _ ask: (_ limit: Int, Tenant) async throws(StoreError) -> StatusRecord?
  ) async throws(RPCError) -> TraksenseV1.StatusHistory {
    let tenant = try context.tenant()
    let record: StatusRecord?
    do throws(StoreError) {
      record = try await ask(Self.maxChanges, tenant)
    } catch {
      throw failure(error, context)
    }
    guard let record else {
      throw .invalid(
        "from", "There are more than \(Self.maxChanges) changes: take a shorter range.")
    }
    let intervals = StatusInterval.intervals(of: record, over: wanted.past)
    return TraksenseV1.StatusHistory(
      from: ProtoTimestamp(wanted.range.lowerBound), to: ProtoTimestamp(wanted.range.upperBound),
      availability: ProtoDoubleValue(Availability.share(of: intervals).map { $0 * 100 }),
      truncated: intervals.count > wanted.limit,
      intervals: intervals.prefix(wanted.limit).map { TraksenseV1.StatusInterval($0) })
  }
}

extension TraksenseV1.StatusInterval {
  fileprivate init(_ interval: Domain.StatusInterval) {
    let length = interval.range.upperBound.microseconds - interval.range.lowerBound.microseconds
    self.init(
      status: interval.status.rawValue,
      start: ProtoTimestamp(interval.range.lowerBound),
      end: ProtoTimestamp(interval.range.upperBound), durationSeconds: Double(length) / 1_000_000)
  }
}
