// SPDX-License-Identifier: Apache-2.0

import JSONText
import NIOCore
import RPCRuntime
import TrakSenseAPI

/// Turns the messages of one `Subscribe` call into events.
///
///     start (id) → { series | reading (id) | gap (id) } …
struct EventStreamEncoder {
  private let maxReadingsPerEvent: Int
  private var series = SeriesDictionary()

  /// - Parameter maxReadingsPerEvent: a larger batch becomes several events, the last of which carries the
  ///   id: a client that reconnects in between gets the whole batch again.
  init(maxReadingsPerEvent: Int) {
    self.maxReadingsPerEvent = maxReadingsPerEvent
  }

  /// - Throws: `.internalError` for columns that do not fit together.
  mutating func events(
    for response: TraksenseV1.SubscribeResponse
  ) throws(RPCError) -> [ByteBuffer] {
    switch response.event {
    case .start(let start):
      series.add(start.series)
      return [ServerSentEvent.event("start", id: start.cursor, data: start.json)]
    case .series(let added):
      series.add(added.series)
      return [ServerSentEvent.event("series", data: added.json)]
    case .block(let block): return try events(for: block)
    case .gap(let gap):
      return [ServerSentEvent.event("gap", id: gap.toCursor, data: gap.json)]
    // An event that this version does not know.
    case nil: return []
    }
  }

  /// Says why a stream ends that was meant to go on.
  static func end(_ detail: String) -> ByteBuffer {
    var json = JSONWriter()
    json.beginObject()
    json.key("detail")
    json.string(detail)
    json.endObject()
    return ServerSentEvent.event("end", data: json.bytes)
  }

  private func events(for block: TraksenseV1.ReadingBlock) throws(RPCError) -> [ByteBuffer] {
    let rows = block.seriesKey.count
    guard block.timestampUS.count == rows, block.value.count == rows else {
      throw RPCError(.internalError, "reading block has columns of different lengths")
    }
    var events: [ByteBuffer] = []
    var first = 0
    while first < rows {
      let end = min(first + maxReadingsPerEvent, rows)
      var data: [UInt8] = [UInt8(ascii: "[")]
      for row in first..<end {
        if row > first { data.append(UInt8(ascii: ",")) }
        let series = try series[block.seriesKey[row]]
        TraksenseV1.LiveReading(
          deviceID: series.deviceID, sensorID: series.sensorID, sensorType: series.sensorType,
          value: block.value[row], unit: series.unit,
          timestamp: ProtoTimestamp(microseconds: block.timestampUS[row])
        ).appendJSON(to: &data)
      }
      data.append(UInt8(ascii: "]"))
      events.append(
        ServerSentEvent.event("reading", id: end == rows ? block.cursor : nil, data: data))
      first = end
    }
    return events
  }
}
