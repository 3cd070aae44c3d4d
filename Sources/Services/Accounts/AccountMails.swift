// SPDX-License-Identifier: Apache-2.0

import Domain

/// The texts of all mails that go to people. Links lead to the configured browser app, never to whatever
/// host a request named.
struct AccountMails: Sendable {
  private static let placeholder = "{tenant}"

  /// As in ``AccountSettings/frontendURL``.
  let frontendURL: String

  func invite(
    to recipient: EmailAddress, tenant: Tenant, by inviter: String, role: Role, message: String?,
    secret: String, days: Int
  ) -> MailMessage {
    let name = Self.line(tenant.name)
    let who = inviter.isEmpty ? "You have been" : "\(Self.line(inviter)) has"
    let verb = inviter.isEmpty ? "invited" : "invited you"
    let note = message.map { "\n\nTheir message:\n\n\($0)" } ?? ""
    return MailMessage(
      recipient: recipient, subject: "You've been invited to join \(name)",
      body: """
        Hello,

        \(who) \(verb) to join \(name) on TrakSense as \(role.rawValue).\(note)

        Open this link to accept; it works for \(days) days:

        \(link("/accept-invite", secret, tenant.slug))

        If you did not expect this, ignore it: nothing happens unless you accept.
        """)
  }

  func reset(
    to recipient: EmailAddress, tenant: TenantSlug?, secret: String, minutes: Int
  ) -> MailMessage {
    MailMessage(
      recipient: recipient, subject: "Reset your TrakSense password",
      body: """
        Hello,

        Somebody asked to set the password of your TrakSense account anew. Open this link to do so; it works
        once, for \(minutes) minutes:

        \(link("/reset-password", secret, tenant))

        If it was not you, ignore this: your password stays as it is.
        """)
  }

  /// Secrets are base64url: nothing in them needs escaping.
  private func link(_ path: String, _ secret: String, _ tenant: TenantSlug?) -> String {
    "\(base(tenant))\(path)?token=\(secret)"
  }

  /// Without a tenant its label goes too: `https://{tenant}.example.com` is `https://example.com` then.
  private func base(_ tenant: TenantSlug?) -> String {
    guard let tenant else {
      return frontendURL.replacing("\(Self.placeholder).", with: "")
        .replacing(Self.placeholder, with: "")
    }
    return frontendURL.replacing(Self.placeholder, with: tenant.rawValue)
  }

  /// Names come from people: no line of theirs may look like a header or another paragraph.
  private static func line(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }
}
