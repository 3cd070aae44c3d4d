// SPDX-License-Identifier: Apache-2.0

/// How mails leave.
enum MailServing: Sendable {
  enum Security: String, Sendable {
    case starttls
    case tls
    case none
  }

  struct Server: Sendable {
    var host: String
    var port: UInt16
    var security: Security
    /// nil: without signing in.
    var user: String?
    var password: Secret?
  }

  /// They wait in the outbox.
  case none
  case directory(String)
  case server(Server)

  /// Reads the settings.
  /// - Parameters:
  ///   - values: as they were given.
  ///   - problems: gets all that is wrong with them.
  init(_ values: [Setting: String], _ problems: inout [String]) {
    let port = values[.emailPort].flatMap { UInt16($0) }
    if port == nil { problems.append("\(Setting.emailPort.rawValue) is not a port") }
    let security = values[.emailSecurity].flatMap { Security(rawValue: $0) }
    if security == nil {
      problems.append("\(Setting.emailSecurity.rawValue) is not starttls, tls or none")
    }
    if (values[.emailUser] == nil) != (values[.emailPassword] == nil) {
      problems.append(
        "\(Setting.emailUser.rawValue) and \(Setting.emailPassword.rawValue) go together")
    }
    switch (values[.emailHost], values[.emailDirectory]) {
    case (nil, nil): self = .none
    case (nil, let directory?): self = .directory(directory)
    case (let host?, nil):
      self = .server(
        Server(
          host: host, port: port ?? 0, security: security ?? .starttls, user: values[.emailUser],
          password: values[.emailPassword].map { Secret(value: $0) }))
    case (_?, _?):
      problems.append(
        "\(Setting.emailHost.rawValue) and \(Setting.emailDirectory.rawValue) exclude each other")
      self = .none
    }
  }
}
