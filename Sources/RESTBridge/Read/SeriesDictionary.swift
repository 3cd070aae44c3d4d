// SPDX-License-Identifier: Apache-2.0

import RPCRuntime
import TrakSenseAPI

/// What the keys in the columns of one stream stand for.
struct SeriesDictionary {
  private var byKey: [Int64: TraksenseV1.Series] = [:]

  /// Learns further series.
  mutating func add(_ series: [TraksenseV1.Series]) {
    for one in series { byKey[one.seriesKey] = one }
  }

  /// - Throws: `.internalError` for a key that the stream has not introduced.
  subscript(key: Int64) -> TraksenseV1.Series {
    get throws(RPCError) {
      guard let series = byKey[key] else {
        throw RPCError(.internalError, "series \(key) was used before it was introduced")
      }
      return series
    }
  }
}
