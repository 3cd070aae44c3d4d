// SPDX-License-Identifier: Apache-2.0

/// How browsers are told to keep to HTTPS, and whose word about them is believed.
struct WebServing: Sendable {
  var cookieSecure: Bool
  var redirectsToHTTPS: Bool
  var hstsSeconds: Int
  /// Addresses and networks.
  var trustedProxies: [String]
}

extension WebServing {
  /// Reads the settings.
  /// - Parameters:
  ///   - values: as they were given.
  ///   - problems: gets all that is wrong with them.
  init(_ values: [Setting: String], _ problems: inout [String]) {
    cookieSecure = values.flag(.cookieSecure, &problems)
    redirectsToHTTPS = values.flag(.sslRedirect, &problems)
    trustedProxies = values.list(.trustedProxies)
    hstsSeconds = 0
    if let seconds = values[.hstsSeconds].flatMap({ Int($0) }), (0...315_360_000).contains(seconds)
    {
      hstsSeconds = seconds
    } else {
      problems.append("\(Setting.hstsSeconds.rawValue) is not a number from 0 to 315360000")
    }
  }
}
