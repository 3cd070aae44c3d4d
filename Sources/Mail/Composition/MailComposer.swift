// SPDX-License-Identifier: Apache-2.0
import ByteText
import Domain

/// Writes messages as they travel: RFC 5322 with MIME (RFC 2045), 7 bits, lines of CRLF.
struct MailComposer {
  let sender: Mailbox

  /// - Parameters:
  ///   - identity: unique among all messages of the sender's domain; letters and digits.
  /// - Throws: `.permanent` when a header would hold a line break.
  func compose(
    _ message: MailMessage, at time: Timestamp, identity: String
  ) throws(MailError) -> [UInt8] {
    let recipient = Mailbox(name: message.recipientName, address: message.recipient)
    let text = Self.lines(message.body)
    // The shorter of the two: three characters for one, against four for three.
    let usesBase64 = text.count { QuotedPrintable.isEscaped($0) } * 6 > text.count
    let head = [
      "Date: \(MailDate.text(time))",
      "From: \(try Self.field(sender))",
      "To: \(try Self.field(recipient))",
      "Subject: \(try HeaderText.unstructured(message.subject))",
      "Message-ID: <\(identity)@\(sender.domain)>",
      // RFC 3834 §5: keeps vacation replies away.
      "Auto-Submitted: auto-generated",
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: \(usesBase64 ? "base64" : "quoted-printable")",
    ]
    return Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8)
      + (usesBase64 ? Self.base64Lines(text) : QuotedPrintable.encode(text))
  }

  /// RFC 2045 §6.8: lines of 76 characters, each with its CRLF.
  private static func base64Lines(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      text += Base64.encode(rest.prefix(57)) + [0x0d, 0x0a]
      rest = rest.dropFirst(57)
    }
    return text
  }

  private static func field(_ mailbox: Mailbox) throws(MailError) -> String {
    guard let name = mailbox.name, !name.isEmpty else { return mailbox.address.rawValue }
    // The address on a folded line of its own: neither is too long then.
    return "\(try HeaderText.phrase(name))\r\n <\(mailbox.address.rawValue)>"
  }

  /// With CRLF for LF, CR and CRLF, and one at the end.
  private static func lines(_ body: String) -> [UInt8] {
    var text: [UInt8] = []
    var previous: UInt8 = 0
    for byte in body.utf8 {
      if byte == 0x0a, previous == 0x0d {
        previous = byte
        continue
      }
      text += byte == 0x0a || byte == 0x0d ? [0x0d, 0x0a] : [byte]
      previous = byte
    }
    if !text.isEmpty, text.last != 0x0a { text += [0x0d, 0x0a] }
    return text
  }
}
