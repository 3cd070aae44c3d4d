// SPDX-License-Identifier: Apache-2.0

import Domain

/// How far apart the points of a history are.
enum HistoryInterval: String, Hashable, Sendable, CaseIterable {
  case raw
  case oneMinute = "1m"
  case fiveMinutes = "5m"
  case fifteenMinutes = "15m"
  case oneHour = "1h"
  case oneDay = "1d"

  /// The interval that shows a range in at most some hundreds of points per sensor.
  init(auto range: Duration) {
    switch range {
    case ...Duration.seconds(3_600): self = .raw
    case ...Duration.seconds(6 * 3_600): self = .oneMinute
    case ...Duration.seconds(24 * 3_600): self = .fiveMinutes
    default: self = .oneHour
    }
  }

  var resolution: HistoryResolution {
    switch self {
    case .raw: .raw
    case .oneMinute: .buckets(microseconds: 60_000_000)
    case .fiveMinutes: .buckets(microseconds: 300_000_000)
    case .fifteenMinutes: .buckets(microseconds: 900_000_000)
    case .oneHour: .buckets(microseconds: 3_600_000_000)
    case .oneDay: .buckets(microseconds: 86_400_000_000)
    }
  }
}
