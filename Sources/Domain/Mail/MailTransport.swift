// SPDX-License-Identifier: Apache-2.0

/// Hands mails over to whoever delivers them. Port: implemented by `Mail`.
package protocol MailTransport: Sendable {
  /// Returns when the message is in the hands of the next one, who answers for it from then on.
  func send(_ message: MailMessage) async throws(MailError)
}

/// Why a mail was not taken. Texts carry no address and nothing of the message.
package enum MailError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Worth sending again, later: the server is away, busy, or not in order.
  case transient(String)
  /// This message will never be taken.
  case permanent(String)

  package var isTransient: Bool {
    switch self {
    case .transient: true
    case .permanent: false
    }
  }

  package var description: String {
    switch self {
    case .transient(let reason): "not sent yet: \(reason)"
    case .permanent(let reason): "not to be sent: \(reason)"
    }
  }
}
