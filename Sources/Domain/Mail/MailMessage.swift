// SPDX-License-Identifier: Apache-2.0

/// A mail of plain text to one person. Does not print itself.
package struct MailMessage: Hashable, Sendable, CustomStringConvertible,
  CustomDebugStringConvertible
{
  package var recipient: EmailAddress
  /// Shown beside the address; nil: the address alone.
  package var recipientName: String?
  /// One line.
  package var subject: String
  /// Lines of any length, ending in LF or CRLF; the last gets its end if it has none.
  package var body: String

  package init(
    recipient: EmailAddress, recipientName: String? = nil, subject: String, body: String
  ) {
    self.recipient = recipient
    self.recipientName = recipientName
    self.subject = subject
    self.body = body
  }

  package var description: String { "(redacted)" }
  package var debugDescription: String { description }
}
