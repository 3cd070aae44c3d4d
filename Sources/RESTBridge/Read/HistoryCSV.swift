// SPDX-License-Identifier: Apache-2.0

import TrakSenseAPI

/// A history as a table for people's spreadsheets (RFC 4180), a row a point.
struct HistoryCSV {
  private static let columns = "timestamp,device_id,sensor_id,sensor_type,unit,value"
  private static let bucketColumns = ",min,max,last,count"

  /// Writes the names of the columns.
  init(isRaw: Bool, to bytes: inout [UInt8]) {
    bytes += "\(Self.columns)\(isRaw ? "" : Self.bucketColumns)\r\n".utf8
  }

  func append(_ row: HistoryRows.Row, to bytes: inout [UInt8]) {
    let series = row.series
    bytes += row.timestamp.rfc3339.utf8
    for text in [series.deviceID, series.sensorID, series.sensorType, series.unit] {
      bytes.append(UInt8(ascii: ","))
      Self.write(text, to: &bytes)
    }
    bytes += ",\(row.value)".utf8
    if let bucket = row.bucket {
      bytes += ",\(bucket.minimum),\(bucket.maximum),\(bucket.last),\(bucket.count)".utf8
    }
    bytes += "\r\n".utf8
  }

  /// Quoted where it must be. Spreadsheets take a text that starts like a formula for one: it gets an
  /// apostrophe in front.
  static func write(_ text: String, to bytes: inout [UInt8]) {
    let isFormula = text.utf8.first.map { "=+-@\t\r".utf8.contains($0) } ?? false
    let safe = isFormula ? "'\(text)" : text
    guard safe.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else {
      bytes += safe.utf8
      return
    }
    bytes.append(UInt8(ascii: "\""))
    for byte in safe.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
