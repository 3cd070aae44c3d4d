// SPDX-License-Identifier: Apache-2.0

package import Domain
import NIOCore
import TrakSenseAPI

/// Journal payloads as `traksense.v1.JournalBlock`: columns behind their own series dictionary, so that a
/// row can be read whatever has become of the catalogue.
package struct JournalBlockCodec: JournalCodec {
  package init() {}

  package func encode(_ readings: [ValidReading]) -> [UInt8] {
    var block = TraksenseV1.JournalBlock()
    var described: Set<Int64> = []
    block.seriesKey.reserveCapacity(readings.count)
    block.timestampUS.reserveCapacity(readings.count)
    block.value.reserveCapacity(readings.count)
    for reading in readings {
      if described.insert(reading.sensor.key).inserted {
        block.series.append(TraksenseV1.Series(reading.sensor))
      }
      block.seriesKey.append(reading.sensor.key)
      block.timestampUS.append(reading.timestamp.microseconds)
      block.value.append(reading.value)
    }
    var buffer = ByteBuffer()
    block.encode(into: &buffer)
    return Array(buffer.readableBytesView)
  }

  /// - Returns: the readings, their sensors without bounds and device key; nil when the payload does not
  ///   decode, its columns differ in length, or a key is not described.
  package func decode(_ payload: [UInt8]) -> [ValidReading]? {
    let block: TraksenseV1.JournalBlock
    do throws(ProtobufError) {
      block = try TraksenseV1.JournalBlock(serialized: ByteBuffer(bytes: payload))
    } catch {
      return nil
    }
    guard block.timestampUS.count == block.seriesKey.count,
      block.value.count == block.seriesKey.count
    else { return nil }
    var sensors: [Int64: Sensor] = [:]
    for series in block.series {
      guard let sensor = series.sensor else { return nil }
      sensors[series.seriesKey] = sensor
    }
    var readings: [ValidReading] = []
    readings.reserveCapacity(block.seriesKey.count)
    for (index, key) in block.seriesKey.enumerated() {
      guard let sensor = sensors[key] else { return nil }
      readings.append(
        ValidReading(
          sensor: sensor, value: block.value[index],
          timestamp: Timestamp(microseconds: block.timestampUS[index])))
    }
    return readings
  }
}
