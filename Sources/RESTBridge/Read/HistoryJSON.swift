// SPDX-License-Identifier: Apache-2.0

import JSONText
import NIOCore
import RPCRuntime
import TrakSenseAPI

/// Turns the columns of a history into rows of JSON, piece by piece. Count and truncation come last because
/// they are not known before.
struct HistoryJSON {
  /// Size of the pieces, in bytes: large enough to be worth a write, small enough to be nothing.
  private static let chunkBytes = 32 << 10
  private static let rawInterval = "raw"

  private let limit: Int
  private let isRaw: Bool
  private var series: SeriesDictionary
  private var bytes: [UInt8]
  private var count = 0
  /// Rows were left out because of the limit.
  private(set) var isTruncated = false

  /// - Parameters:
  ///   - deviceID: as asked for.
  ///   - first: the call's first message: interval, range and series.
  ///   - limit: most rows.
  init(deviceID: String, first: TraksenseV1.HistoryResponse, limit: Int) {
    self.limit = limit
    isRaw = first.interval == Self.rawInterval
    series = SeriesDictionary()
    var json = JSONWriter()
    json.beginObject()
    json.key("device_id")
    json.string(deviceID)
    json.key("interval")
    json.string(first.interval)
    json.key("from")
    Self.write(first.from, to: &json)
    json.key("to")
    Self.write(first.to, to: &json)
    json.key("data")
    json.beginArray()
    bytes = json.bytes
  }

  /// - Returns: what is ready to be sent, in order.
  /// - Throws: `.internalError` for columns that do not fit together.
  mutating func append(
    _ message: TraksenseV1.HistoryResponse
  ) throws(RPCError) -> [ByteBuffer] {
    series.add(message.series)
    guard let block = message.block else { return [] }
    let rows = block.seriesKey.count
    let hasBuckets = !isRaw
    guard block.timestampUS.count == rows, block.value.count == rows,
      !hasBuckets
        || (block.minimum.count == rows && block.maximum.count == rows && block.count.count == rows)
    else { throw RPCError(.internalError, "history block has columns of different lengths") }
    var chunks: [ByteBuffer] = []
    for row in 0..<rows {
      if count == limit {
        isTruncated = true
        break
      }
      if count > 0 { bytes.append(UInt8(ascii: ",")) }
      count += 1
      try append(row, of: block)
      if bytes.count >= Self.chunkBytes { chunks.append(take()) }
    }
    if !bytes.isEmpty { chunks.append(take()) }
    return chunks
  }

  /// The end of the answer.
  mutating func finish() -> ByteBuffer {
    bytes.append(contentsOf: "],\"count\":\(count),\"truncated\":\(isTruncated)}".utf8)
    return take()
  }

  private mutating func append(
    _ row: Int, of block: TraksenseV1.HistoryBlock
  ) throws(RPCError) {
    let series = try series[block.seriesKey[row]]
    let timestamp = ProtoTimestamp(microseconds: block.timestampUS[row])
    if isRaw {
      TraksenseV1.HistoryRow(
        timestamp: timestamp, sensorID: series.sensorID, sensorType: series.sensorType,
        value: block.value[row], unit: series.unit
      ).appendJSON(to: &bytes)
    } else {
      TraksenseV1.HistoryBucketRow(
        timestamp: timestamp, sensorID: series.sensorID, sensorType: series.sensorType,
        value: block.value[row], unit: series.unit, avg: block.value[row],
        min: block.minimum[row], max: block.maximum[row],
        count: UInt32(clamping: block.count[row])
      ).appendJSON(to: &bytes)
    }
  }

  private mutating func take() -> ByteBuffer {
    defer { bytes.removeAll(keepingCapacity: true) }
    return ByteBuffer(bytes: bytes)
  }

  private static func write(_ time: ProtoTimestamp?, to json: inout JSONWriter) {
    if let time { json.string(time.rfc3339) } else { json.null() }
  }
}
