// SPDX-License-Identifier: Apache-2.0

/// Work that is done again and again for every tenant, a bounded part at a time. Port: implemented by
/// `Persistence`, run by the job runner of `Services`.
package protocol TenantJob: Sendable {
  /// As it appears in logs: `rollup`.
  var name: String { get }
  /// How long a tenant is left alone after everything was done.
  var interval: Duration { get }
  /// Its turns go on record.
  var deletesData: Bool { get }

  /// Does the next part. Running it on several nodes at once, or again after a failure, does no harm.
  func run(for tenant: Tenant) async throws(StoreError) -> JobTurn
}

/// What one turn of a job did.
package struct JobTurn: Hashable, Sendable {
  /// How much of what: `["hours": 3]`. Empty when there was nothing to do.
  package var counts: [String: Int]
  /// There is more that could be done at once.
  package var hasMore: Bool
  /// After so long there is something to do by time alone, even if nothing changes; nil: there is not.
  package var nextWithin: Duration?
  /// Another node is busy with this tenant: nothing was done.
  package var isElsewhere: Bool

  package init(counts: [String: Int] = [:], hasMore: Bool = false, nextWithin: Duration? = nil) {
    self.counts = counts.filter { $0.value != 0 }
    self.hasMore = hasMore
    self.nextWithin = nextWithin
    isElsewhere = false
  }

  package static let elsewhere = {
    var turn = JobTurn()
    turn.isElsewhere = true
    return turn
  }()
}
