// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// What a path names. Every path is known with and without a trailing slash, and below `/api`.
enum Route: Hashable, Sendable {
  case page
  case asset(PageAsset)
  case health
  case ingest
  case latest(deviceID: String)
  case history(deviceID: String)
  case stream

  /// - Parameter path: without query, percent-encoded.
  /// - Returns: nil when nothing lives there.
  init?(path: String) {
    var parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
    guard parts.popFirst()?.isEmpty == true else { return nil }
    if parts.last?.isEmpty == true { parts.removeLast() }
    var names: [String] = []
    for part in parts {
      guard let name = PercentDecoding.decode(Substring(part)) else { return nil }
      names.append(name)
    }
    if names.first == "api" { names.removeFirst() }
    switch names.count {
    case 0: self = .page
    case 1 where names[0] == "health": self = .health
    case 1 where names[0] == "ingest": self = .ingest
    case 2 where names[0] == "static":
      guard let asset = PageAsset(rawValue: names[1]) else { return nil }
      self = .asset(asset)
    case 2 where names == ["ingest", "stream"]: self = .stream
    case 3 where names[0] == "ingest" && names[1] == "latest" && !names[2].isEmpty:
      self = .latest(deviceID: names[2])
    case 3 where names[0] == "ingest" && names[1] == "history" && !names[2].isEmpty:
      self = .history(deviceID: names[2])
    default: return nil
    }
  }

  /// What may be done there, besides OPTIONS.
  var methods: [HTTPRequest.Method] {
    switch self {
    case .ingest: [.post]
    case .page, .asset, .health, .latest, .history, .stream: [.get, .head]
    }
  }
}
