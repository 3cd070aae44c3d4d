// SPDX-License-Identifier: Apache-2.0

import DedicatedThread
package import Domain
import RPCRuntime

/// Answers that cannot be sent as they are read, because they need all points: lists from the end, curves that
/// are thinned out. Few calls at a time keep points in memory, the others wait in line, one line for all services of a
/// server; and they are read page by page, so that no more than a page is in the database's client at once.
package struct KeptPoints: Sendable {
  private let store: any ReadingStore
  private let settings: TelemetryService.Settings
  private let places: WorkerPool<Int>

  package init(of store: any ReadingStore, _ settings: TelemetryService.Settings) {
    self.store = store
    self.settings = settings
    places = WorkerPool(
      Array(0..<max(1, settings.limits.maxKeepingCalls)),
      maxWaiting: settings.limits.maxWaitingCalls)
  }

  /// - Parameters:
  ///   - query: of which all points are read.
  ///   - reduce: makes of them what is sent.
  /// - Throws: INVALID_ARGUMENT naming `from` when there are more points than one call may keep,
  ///   RESOURCE_EXHAUSTED when too many calls wait already, and what the store throws.
  func reduced<Answer: Sendable>(
    _ query: HistoryQuery, of tenant: Tenant, _ context: ServerContext,
    _ reduce: ([HistoryPoint]) -> Answer
  ) async throws(RPCError) -> Answer {
    try await places.withWorker(orThrow: refusal) { _ throws(RPCError) in
      reduce(try await all(query, of: tenant, context))
    }
  }

  private func refusal(_ refusal: WorkerRefusal) -> RPCError {
    switch refusal {
    case .busy:
      RPCError(
        .resourceExhausted, "Too many calls ask for as much at present.",
        retryAfter: settings.limits.retryAfter)
    case .cancelled: RPCError(.cancelled, "the call is over")
    }
  }

  private func all(
    _ query: HistoryQuery, of tenant: Tenant, _ context: ServerContext
  ) async throws(RPCError) -> [HistoryPoint] {
    var query = query
    query.pageSize = settings.limits.historyPage
    let most = settings.limits.maxKeptPoints
    var points: [HistoryPoint] = []
    var position: HistoryPosition?
    repeat {
      let page: HistoryPage
      do throws(StoreError) {
        page = try await store.history(query, after: position, in: tenant)
      } catch {
        throw RPCError(
          error, in: context, retryAfter: settings.limits.retryAfter, logger: settings.logger)
      }
      points += page.points
      position = page.next
      guard points.count <= most else {
        throw .invalid(
          "from",
          "Ensure this range has no more than \(most) points: make it shorter, or take fewer sensors or a"
            + " longer interval.")
      }
    } while position != nil
    return points
  }
}
