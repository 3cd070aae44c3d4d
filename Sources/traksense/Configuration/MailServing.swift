// SPDX-License-Identifier: Apache-2.0

import Mail

/// How mails leave.
enum MailServing: Sendable {
  /// They wait in the outbox.
  case none
  case directory(String, sender: Mailbox)
  case server(SMTPConfiguration)

  /// Reads the settings.
  /// - Parameters:
  ///   - values: as they were given.
  ///   - problems: gets all that is wrong with them.
  init(_ values: [Setting: String], _ problems: inout [String]) {
    self = .none
    guard let sender = values[.emailSender].flatMap({ Mailbox($0) }) else {
      problems.append("\(Setting.emailSender.rawValue) is not an e-mail address")
      return
    }
    switch (values[.emailHost], values[.emailDirectory]) {
    case (nil, nil): break
    case (nil, let directory?): self = .directory(directory, sender: sender)
    case (let host?, nil):
      if let server = Self.server(host, values, sender, &problems) { self = .server(server) }
    case (_?, _?):
      problems.append(
        "\(Setting.emailHost.rawValue) and \(Setting.emailDirectory.rawValue) exclude each other")
    }
  }

  private static func server(
    _ host: String, _ values: [Setting: String], _ sender: Mailbox, _ problems: inout [String]
  ) -> SMTPConfiguration? {
    let port = values[.emailPort].map { UInt16($0) }
    guard port != .some(nil) else {
      problems.append("\(Setting.emailPort.rawValue) is not a port")
      return nil
    }
    guard
      let encryption = values[.emailSecurity].flatMap({
        SMTPConfiguration.Encryption(rawValue: $0)
      })
    else {
      problems.append("\(Setting.emailSecurity.rawValue) is not starttls, tls or none")
      return nil
    }
    do throws(SMTPConfiguration.Problem) {
      return try SMTPConfiguration(
        host: host, port: port ?? nil, encryption: encryption, user: values[.emailUser],
        password: values[.emailPassword], sender: sender)
    } catch {
      let setting: Setting = error == .host ? .emailHost : .emailPassword
      problems.append("\(setting.rawValue): \(error)")
      return nil
    }
  }
}
