// SPDX-License-Identifier: Apache-2.0

import Domain
import NIOCore
import RPCRuntime
import Synchronization

/// What each tenant uses at the moment. Only tenants that exist have an entry, and one without calls and
/// without a rate to remember has none.
final class TenantQuotas: Sendable {
  private struct Use {
    var calls = 0
    var streams = 0
    var bucket: TokenBucket?

    var isForgettable: Bool { calls == 0 && streams == 0 && bucket == nil }
  }

  private let limits: TenantLimits
  /// By primary key.
  private let uses = Mutex<[Int64: Use]>([:])

  init(_ limits: TenantLimits) {
    self.limits = limits
  }

  /// Tenants that have an entry.
  var count: Int { uses.withLock { $0.count } }

  /// A call begins.
  /// - Returns: nil when it may; otherwise why it may not, and it must not ``leave(_:isStream:)``.
  func enter(_ tenant: Tenant, isStream: Bool, at now: NIODeadline) -> RPCError? {
    uses.withLock { uses in
      var use = uses[tenant.id] ?? Use()
      defer { uses[tenant.id] = use.isForgettable ? nil : use }
      let running = isStream ? use.streams : use.calls
      if let most = isStream ? limits.concurrentStreams : limits.concurrentCalls, running >= most {
        return RPCError(
          .resourceExhausted,
          "the tenant has \(most) \(isStream ? "streams" : "calls") open, which is its limit",
          retryAfter: .seconds(1))
      }
      if let rate = limits.callsPerSecond {
        var bucket = use.bucket ?? TokenBucket(burst: rate * 2, perSecond: rate, at: now)
        defer { use.bucket = bucket }
        guard bucket.takeIfAvailable(at: now) else {
          return RPCError(
            .resourceExhausted, "the tenant makes more than \(rate) calls per second",
            retryAfter: bucket.timeUntilNext)
        }
      }
      if isStream { use.streams += 1 } else { use.calls += 1 }
      return nil
    }
  }

  /// A call that was let in has ended.
  func leave(_ tenant: Tenant, isStream: Bool) {
    uses.withLock { uses in
      guard var use = uses[tenant.id] else { return }
      if isStream { use.streams -= 1 } else { use.calls -= 1 }
      uses[tenant.id] = use.isForgettable ? nil : use
    }
  }
}
