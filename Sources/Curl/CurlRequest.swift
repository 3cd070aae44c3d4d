// SPDX-License-Identifier: Apache-2.0

/// One transfer: where to, what, and how much it may cost. Nothing of it shows in descriptions: addresses,
/// messages and keys are in here.
package struct CurlRequest: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  package enum Operation: Sendable {
    case get
    case put([UInt8])
    case delete
    /// An RFC 5322 message with CRLF line ends. libcurl writes the envelope and does the dot-stuffing
    /// (RFC 5321 §4.5.2).
    case mail(from: String, to: String, message: [UInt8])
  }

  /// Whom the server shall take us for.
  package struct Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package var user: String
    package var password: String

    package init(user: String, password: String) {
      self.user = user
      self.password = password
    }

    package var description: String { "(redacted)" }
    package var debugDescription: String { description }
  }

  /// `http`, `https`, `smtp` or `smtps`; any other scheme is refused.
  package var url: String
  package var operation: Operation
  /// HTTP only, each of one line. One of an empty value is not sent.
  package var headers: [(name: String, value: String)] = []
  package var credentials: Credentials?
  /// AWS Signature Version 4 over the request with the credentials, as CURLOPT_AWS_SIGV4 wants it:
  /// `aws:amz:REGION:SERVICE`. nil: credentials are the protocol's own login.
  package var signature: String?
  /// `smtp` only: the session must become TLS (STARTTLS, RFC 3207) before anything else is said.
  package var requiresTLS = false
  /// PEM file of the authorities that are trusted instead of the system's.
  package var certificateAuthorities: String?
  /// For resolving, connecting and the TLS handshake; for mail, the login too. Default 10 s.
  package var connectTimeout: Duration = .seconds(10)
  /// From the call to the end of the transfer, waiting for a free thread included. Default 30 s.
  package var timeout: Duration = .seconds(30)
  /// Of the response's body; one byte more fails the transfer. Default 1 MiB.
  package var maxResponseBytes = 1 << 20

  package init(_ url: String, _ operation: Operation) {
    self.url = url
    self.operation = operation
  }

  package var description: String { "CurlRequest(redacted)" }
  package var debugDescription: String { description }

  /// What libcurl would pass on as it is: a control character could end a line and begin another
  /// header or command, and NUL would cut the text short.
  var hasControlCharacters: Bool {
    var texts = [url] + headers.flatMap { [$0.name, $0.value] }
    if let credentials { texts += [credentials.user, credentials.password] }
    if let signature { texts.append(signature) }
    if let certificateAuthorities { texts.append(certificateAuthorities) }
    if case .mail(let from, let to, _) = operation { texts += [from, to] }
    return texts.contains { $0.utf8.contains { $0 < 0x20 || $0 == 0x7f } }
  }
}
