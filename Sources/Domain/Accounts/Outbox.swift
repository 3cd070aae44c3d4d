// SPDX-License-Identifier: Apache-2.0

/// Mails that wait to be sent. Port: implemented by `Persistence`.
package protocol Outbox: Sendable {
  /// Takes mails whose time has come, for a while: nobody else gets them before `lease` is over.
  func claim(
    limit: Int, lease: Duration, at now: Timestamp
  ) async throws(StoreError) -> [WaitingMail]

  /// It is sent: its text is blanked.
  func markSent(_ id: Int64, at now: Timestamp) async throws(StoreError)

  /// It was not: to be tried again at `retryAt`; nil: given up, its text is blanked.
  func markFailed(
    _ id: Int64, problem: String, retryAt: Timestamp?, at now: Timestamp
  ) async throws(StoreError)
}

package struct WaitingMail: Sendable {
  package var id: Int64
  /// Tries before this one.
  package var attempts: Int
  package var message: MailMessage

  package init(id: Int64, attempts: Int, message: MailMessage) {
    self.id = id
    self.attempts = attempts
    self.message = message
  }
}
