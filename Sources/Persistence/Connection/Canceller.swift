// SPDX-License-Identifier: Apache-2.0
import CPostgreSQL

/// The owner of one `PGcancel`: asks the server to cancel whatever its connection runs, over a
/// connection of its own.
///
/// `@unchecked Sendable`: `PGcancel` is a constant copy of address and key once made;
/// libpq documents `PQcancel` as safe in any thread, also in a signal handler;
/// it is freed in deinit, when no call can be under way.
@safe final class Canceller: @unchecked Sendable {
  private let raw: OpaquePointer

  @unsafe init(_ raw: OpaquePointer) {
    unsafe self.raw = raw
  }

  deinit {
    unsafe PQfreeCancel(raw)
  }

  /// Blocks until the server has taken the request. A request that cannot be delivered is no error: the
  /// statement's own timeout and the TCP timeouts remain.
  func requestCancellation() {
    var message = [CChar](repeating: 0, count: 256)
    _ = unsafe PQcancel(raw, &message, Int32(message.count))
  }
}
