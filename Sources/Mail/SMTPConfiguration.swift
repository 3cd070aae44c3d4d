// SPDX-License-Identifier: Apache-2.0

/// A mail server that takes our messages, and who we are to it. Does not print its password.
package struct SMTPConfiguration: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  package enum Encryption: String, Sendable, CaseIterable {
    /// The session begins in clear text and must become TLS before anything is said (RFC 3207).
    case startTLS = "starttls"
    /// TLS from the first byte (RFC 8314 §3.3).
    case tls
    /// For a server on this machine.
    case none

    /// The registered port: submission, submissions, smtp.
    package var defaultPort: UInt16 {
      switch self {
      case .startTLS: 587
      case .tls: 465
      case .none: 25
      }
    }
  }

  /// What is wrong with the settings.
  package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
    case host
    case passwordInClearText
    case userWithoutPassword

    package var description: String {
      switch self {
      case .host: "not a host name or address"
      case .passwordInClearText: "a password needs starttls or tls"
      case .userWithoutPassword: "user and password come together"
      }
    }
  }

  package let host: String
  package let port: UInt16
  package let encryption: Encryption
  package let user: String?
  let password: String?
  package let sender: Mailbox
  /// PEM file of the authorities that are trusted instead of the system's.
  package var certificateAuthorities: String?
  /// For everything before the message: resolving, connecting, the TLS handshake and the login. Default 10 s.
  package var connectTimeout: Duration = .seconds(10)
  /// For one message, from the call to the server's last word. Default 60 s; mail is sent by a worker,
  /// nobody waits for it.
  package var timeout: Duration = .seconds(60)

  /// - Parameters:
  ///   - host: a name or an address, an IPv6 address with or without brackets.
  ///   - port: nil: the encryption's own.
  package init(
    host: String, port: UInt16? = nil, encryption: Encryption, user: String? = nil,
    password: String? = nil, sender: Mailbox
  ) throws(Problem) {
    let bare =
      host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    guard (1...253).contains(bare.utf8.count), bare.utf8.allSatisfy(Self.isHostCharacter) else {
      throw .host
    }
    guard (user == nil) == (password == nil) else { throw .userWithoutPassword }
    guard user == nil || encryption != .none else { throw .passwordInClearText }
    self.host = bare.contains(":") ? "[\(bare)]" : bare
    self.port = port ?? encryption.defaultPort
    self.encryption = encryption
    self.user = user
    self.password = password
    self.sender = sender
  }

  /// The path is what the client calls itself in EHLO.
  var url: String {
    "\(encryption == .tls ? "smtps" : "smtp")://\(host):\(port)/\(sender.domain)"
  }

  package var description: String { "\(encryption.rawValue) \(host):\(port)" }
  package var debugDescription: String { description }

  private static func isHostCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: ":"):
      true
    default: false
    }
  }
}
