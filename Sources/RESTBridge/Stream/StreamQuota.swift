// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts open event streams.
final class StreamQuota: Sendable {
  private let maximum: Int
  private let open = Mutex(0)

  /// - Parameter maximum: streams open at the same time.
  init(maximum: Int) {
    self.maximum = maximum
  }

  /// - Returns: what stands for the stream until it is dropped; nil when there are too many.
  func admit() -> Ticket? {
    let isAdmitted = open.withLock { open in
      guard open < maximum else { return false }
      open += 1
      return true
    }
    return isAdmitted ? Ticket(self) : nil
  }

  /// One open stream.
  final class Ticket: Sendable {
    private let quota: StreamQuota

    fileprivate init(_ quota: StreamQuota) {
      self.quota = quota
    }

    deinit { quota.open.withLock { $0 -= 1 } }
  }
}
