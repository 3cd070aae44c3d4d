// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// One transfer, as seen by whoever may want to cancel it.
final class CurlTicket: Sendable {
  private let flag = Atomic(false)

  var isCancelled: Bool { flag.load(ordering: .relaxed) }

  /// libcurl asks at least once a second.
  func cancel() {
    flag.store(true, ordering: .relaxed)
  }
}
