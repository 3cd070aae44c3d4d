// SPDX-License-Identifier: Apache-2.0

/// What one tenant may ask for at a time, so that the others are served as well. Exceeding any of them:
/// RESOURCE_EXHAUSTED, with the time after which to try again. nil: not limited.
package struct TenantLimits: Hashable, Sendable {
  /// Calls begun per second in the long run, streams too; twice as many may come at once. Default: not
  /// limited.
  package var callsPerSecond: Int?
  /// Unary calls that run at once. Default 1,000: more than the database's pool lets wait.
  package var concurrentCalls: Int? = 1_000
  /// Calls with a stream that are open at once. Default 10,000: some 130 MB.
  package var concurrentStreams: Int? = 10_000

  package init() {}

  /// Nothing is limited.
  package static var none: TenantLimits {
    var limits = TenantLimits()
    limits.concurrentCalls = nil
    limits.concurrentStreams = nil
    return limits
  }
}
