// SPDX-License-Identifier: Apache-2.0

/// A mail that a change brings about: written into the outbox in the same transaction, sent afterwards.
/// Does not print itself.
package struct MailDraft: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible
{
  package var recipient: EmailAddress
  package var subject: String
  package var text: String

  package init(recipient: EmailAddress, subject: String, text: String) {
    self.recipient = recipient
    self.subject = subject
    self.text = text
  }

  package var description: String { "(redacted)" }
  package var debugDescription: String { description }
}
