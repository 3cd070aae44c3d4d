// SPDX-License-Identifier: Apache-2.0

/// What the handlers of one connection may use at once, whatever became of their streams.
struct HandlerQuota {
  private let maxHandlers: Int
  private let maxImplausibleBytes: Int
  private var running = 0
  /// What running handlers hold beyond ``ServerLimits/plausibleInflation``, in bytes.
  private var implausibleBytes = 0

  init(_ limits: ServerLimits) {
    maxHandlers = limits.maxRunningHandlers
    maxImplausibleBytes = limits.maxImplausibleBytes
  }

  /// - Returns: false when all slots are taken.
  mutating func claim() -> Bool {
    guard running < maxHandlers else { return false }
    running += 1
    return true
  }

  mutating func release() {
    running -= 1
  }

  /// - Returns: false when that is too much.
  mutating func holdsImplausible(_ bytes: Int) -> Bool {
    implausibleBytes += bytes
    return implausibleBytes <= maxImplausibleBytes
  }
}
