// SPDX-License-Identifier: Apache-2.0
package import Curl
package import Domain

/// Hands each message to a mail server, in a session of its own.
package struct SMTPTransport: MailTransport {
  private let client: CurlClient
  private let configuration: SMTPConfiguration
  private let composer: MailComposer
  private let clock: WallClock

  package init(_ configuration: SMTPConfiguration, client: CurlClient, clock: WallClock) {
    self.client = client
    self.configuration = configuration
    composer = MailComposer(sender: configuration.sender)
    self.clock = clock
  }

  package func send(_ message: MailMessage) async throws(MailError) {
    let bytes = try composer.compose(message, at: clock.now(), identity: MailIdentity.make())
    var request = CurlRequest(
      configuration.url,
      .mail(
        from: configuration.sender.address.rawValue, to: message.recipient.rawValue, message: bytes)
    )
    request.requiresTLS = configuration.encryption != .none
    if let user = configuration.user, let password = configuration.password {
      request.credentials = .init(user: user, password: password)
    }
    request.certificateAuthorities = configuration.certificateAuthorities
    request.connectTimeout = configuration.connectTimeout
    request.timeout = configuration.timeout
    do throws(CurlError) {
      _ = try await client.perform(request)
    } catch {
      throw MailError(error)
    }
  }
}

extension MailError {
  /// Permanent is what the server says no to for good; trouble with the server itself (it is away, its
  /// certificate has expired, it offers no TLS) is no message's fault, and somebody will mend it.
  init(_ error: CurlError) {
    switch error {
    case .refused(let replyCode) where replyCode >= 500:
      self = .permanent("the mail server refused it with \(replyCode)")
    case .invalid(let reason):
      self = .permanent(reason)
    case .refused(let replyCode):
      self = .transient("the mail server does not take it now: \(replyCode)")
    case .unreachable, .timedOut, .untrusted, .tooLarge, .cancelled, .busy, .failed:
      self = .transient("the mail server is \(error)")
    }
  }
}
