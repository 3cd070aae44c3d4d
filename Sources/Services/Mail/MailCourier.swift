// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Logging

/// Sends the mails that wait in the outbox, one after the other, and tries again those that could not be
/// sent. Any number of couriers may work on one outbox: whoever claims a mail has it for a while. After a
/// crash between sending and noting it, a mail is sent twice rather than never.
package struct MailCourier: Sendable {
  /// How often, and how long.
  package struct Settings: Hashable, Sendable {
    /// How long to wait when nothing waits. Default 2 s.
    package var idle: Duration = .seconds(2)
    /// Mails taken at once. Default 10.
    package var batch = 10
    /// How long a mail taken is nobody else's: longer than a batch takes. Default 10 minutes.
    package var lease: Duration = .seconds(600)

    package init() {}
  }

  private let outbox: any Outbox
  private let transport: any MailTransport
  private let settings: Settings
  private let clock: WallClock
  private let logger: Logger

  package init(
    outbox: any Outbox, transport: any MailTransport, settings: Settings = Settings(),
    clock: WallClock, logger: Logger
  ) {
    self.outbox = outbox
    self.transport = transport
    self.settings = settings
    self.clock = clock
    self.logger = logger
  }

  /// Works until the task is cancelled.
  package func run() async {
    while !Task.isCancelled {
      if await deliver() > 0 { continue }
      do {
        try await Task.sleep(for: settings.idle)
      } catch {
        return
      }
    }
  }

  /// Sends what waits now.
  /// - Returns: how many mails were taken, sent or not; 0 also when the outbox cannot be read.
  package func deliver() async -> Int {
    do {
      let mails = try await outbox.claim(
        limit: settings.batch, lease: settings.lease, at: clock.now())
      for mail in mails {
        // Those left have their lease run out and are taken up by another courier.
        if Task.isCancelled { return 0 }
        try await deliver(mail)
      }
      return mails.count
    } catch {
      if error != .cancelled {
        logger.warning("the outbox cannot be worked on", metadata: ["error": "\(error)"])
      }
      return 0
    }
  }

  private func deliver(_ mail: WaitingMail) async throws(StoreError) {
    do throws(MailError) {
      try await transport.send(mail.message)
    } catch {
      return try await noteFailure(of: mail, error)
    }
    try await outbox.markSent(mail.id, at: clock.now())
    logger.debug("mail sent", metadata: ["mail.id": "\(mail.id)"])
  }

  private func noteFailure(of mail: WaitingMail, _ error: MailError) async throws(StoreError) {
    let now = clock.now()
    let wait = error.isTransient ? MailRetries.wait(after: mail.attempts + 1) : nil
    let problem = error.description
    try await outbox.markFailed(
      mail.id, problem: problem, retryAt: wait.map { now.advanced(by: $0) }, at: now)
    let metadata: Logger.Metadata = [
      "mail.id": "\(mail.id)", "attempts": "\(mail.attempts + 1)", "error": "\(problem)",
    ]
    if wait == nil {
      logger.error("mail given up", metadata: metadata)
    } else {
      logger.warning("mail not sent, will be tried again", metadata: metadata)
    }
  }
}

/// When a mail that could not be sent is tried again.
enum MailRetries {
  private static let first: [Duration] = [
    .seconds(60), .seconds(5 * 60), .seconds(30 * 60), .seconds(2 * 3_600),
  ]
  private static let later: Duration = .seconds(6 * 3_600)
  /// Two days of them.
  private static let laterTimes = 8

  /// - Parameter attempts: tries so far, from 1.
  /// - Returns: nil: no more.
  static func wait(after attempts: Int) -> Duration? {
    if attempts <= first.count { return first[max(0, attempts - 1)] }
    return attempts <= first.count + laterTimes ? later : nil
  }
}
