// SPDX-License-Identifier: Apache-2.0

import RESTBridge

/// How browsers are told to keep to HTTPS, and whose word about them is believed.
struct WebServing: Sendable {
  var cookieSecure: Bool
  var redirectsToHTTPS: Bool
  var hstsSeconds: Int
  var trustedProxies: [NetworkRange]
}

extension WebServing {
  /// Reads the settings.
  /// - Parameters:
  ///   - values: as they were given.
  ///   - problems: gets all that is wrong with them.
  init(_ values: [Setting: String], _ problems: inout [String]) {
    cookieSecure = values.flag(.cookieSecure, &problems)
    redirectsToHTTPS = values.flag(.sslRedirect, &problems)
    trustedProxies = []
    for entry in values.list(.trustedProxies) {
      if let range = NetworkRange(entry) {
        trustedProxies.append(range)
      } else {
        problems.append("\(Setting.trustedProxies.rawValue): '\(entry)' is no address or network")
      }
    }
    hstsSeconds = 0
    if let seconds = values[.hstsSeconds].flatMap({ Int($0) }), (0...315_360_000).contains(seconds)
    {
      hstsSeconds = seconds
    } else {
      problems.append("\(Setting.hstsSeconds.rawValue) is not a number from 0 to 315360000")
    }
  }
}
