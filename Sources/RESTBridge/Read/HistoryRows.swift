// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPCRuntime
import TrakSenseAPI

/// Turns the columns of a history into rows of text, piece by piece.
struct HistoryRows {
  /// Size of the pieces, in bytes: large enough to be worth a write, small enough to be nothing.
  private static let chunkBytes = 32 << 10
  private static let rawInterval = "raw"

  /// One row of a block.
  struct Row {
    let series: TraksenseV1.Series
    let timestamp: ProtoTimestamp
    let value: Double
    /// nil: a reading.
    let bucket: Bucket?
  }

  struct Bucket {
    let minimum: Double
    let maximum: Double
    let last: Double
    let count: UInt32
  }

  private enum Text {
    case json(HistoryJSON)
    case csv(HistoryCSV)
  }

  private let isRaw: Bool
  private var series = SeriesDictionary()
  private var text: Text
  private var bytes: [UInt8] = []

  /// - Parameters:
  ///   - first: the call's first message: interval, range and series.
  ///   - sensors: those that were asked for.
  init(
    _ format: HistoryFormat, _ subject: HistorySubject, _ style: HistoryStyle,
    first: TraksenseV1.HistoryResponse, sensors: [String]
  ) {
    isRaw = first.interval == Self.rawInterval
    switch format {
    case .json:
      text = .json(
        HistoryJSON(subject, style, first: first, sensors: sensors, to: &bytes))
    case .csv:
      text = .csv(HistoryCSV(isRaw: isRaw, to: &bytes))
    }
  }

  /// - Returns: what is ready to be sent, in order.
  /// - Throws: `.internalError` for columns that do not fit together.
  mutating func append(
    _ message: TraksenseV1.HistoryResponse
  ) throws(RPCError) -> [ByteBuffer] {
    series.add(message.series)
    if case .json(var json) = text {
      json.note(message)
      text = .json(json)
    }
    guard let block = message.block else { return [] }
    let rows = block.seriesKey.count
    let columns =
      [block.timestampUS.count, block.value.count]
      + (isRaw
        ? [] : [block.minimum.count, block.maximum.count, block.last.count, block.count.count])
    guard columns.allSatisfy({ $0 == rows }) else {
      throw RPCError(.internalError, "history block has columns of different lengths")
    }
    var chunks: [ByteBuffer] = []
    for position in 0..<rows {
      append(try row(position, of: block))
      if bytes.count >= Self.chunkBytes { chunks.append(take()) }
    }
    if !bytes.isEmpty { chunks.append(take()) }
    return chunks
  }

  /// The end of the answer.
  mutating func finish() -> ByteBuffer {
    if case .json(let json) = text { json.finish(&bytes) }
    return take()
  }

  private mutating func append(_ row: Row) {
    switch text {
    case .json(var json):
      json.append(row, to: &bytes)
      text = .json(json)
    case .csv(let csv): csv.append(row, to: &bytes)
    }
  }

  private func row(_ position: Int, of block: TraksenseV1.HistoryBlock) throws(RPCError) -> Row {
    let bucket =
      isRaw
      ? nil
      : Bucket(
        minimum: block.minimum[position], maximum: block.maximum[position],
        last: block.last[position], count: UInt32(clamping: block.count[position]))
    return Row(
      series: try series[block.seriesKey[position]],
      timestamp: ProtoTimestamp(microseconds: block.timestampUS[position]),
      value: block.value[position], bucket: bucket)
  }

  private mutating func take() -> ByteBuffer {
    defer { bytes.removeAll(keepingCapacity: true) }
    return ByteBuffer(bytes: bytes)
  }
}
