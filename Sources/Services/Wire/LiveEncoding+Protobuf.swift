// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import TrakSenseAPI

extension LiveEncoding {
  /// `traksense.v1.SubscribeResponse`.
  package static let protobuf = LiveEncoding(
    block: { cursor, readings in
      var block = TraksenseV1.ReadingBlock(cursor: cursor)
      block.seriesKey = readings.map(\.sensor.key)
      block.timestampUS = readings.map(\.timestamp.microseconds)
      block.value = readings.map(\.value)
      return TraksenseV1.SubscribeResponse(event: .block(block)).frame()
    },
    seriesAdded: { sensors in
      let added = TraksenseV1.SeriesAdded(series: sensors.map { TraksenseV1.Series($0) })
      return TraksenseV1.SubscribeResponse(event: .series(added)).frame()
    })
}
