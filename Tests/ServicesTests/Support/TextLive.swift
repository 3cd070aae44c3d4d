// SPDX-License-Identifier: Apache-2.0

import Domain
import NIOCore
import RPCRuntime
import Services
import Synchronization

/// Live messages as text (`S 1 2`, `B 7 1=20.5`), and a count of how many were encoded.
final class TextLive: Sendable {
  private let blockCount = Atomic(0)
  private let seriesCount = Atomic(0)

  var blocks: Int { blockCount.load(ordering: .relaxed) }
  var announcements: Int { seriesCount.load(ordering: .relaxed) }

  var encoding: LiveEncoding {
    LiveEncoding(
      block: { cursor, readings in
        self.blockCount.add(1, ordering: .relaxed)
        let columns = readings.map { "\($0.sensor.key)=\($0.value)" }
        return Self.frame("B \(cursor) " + columns.joined(separator: " "))
      },
      seriesAdded: { sensors in
        self.seriesCount.add(1, ordering: .relaxed)
        return Self.frame("S " + sensors.map { "\($0.key)" }.joined(separator: " "))
      })
  }

  private static func frame(_ text: String) -> MessageFrame {
    MessageFrame { $0.writeString(text) }
  }
}

extension LiveEvent {
  /// `S 1 2`, `B 7 1=20.5` or `G 3...5`.
  var text: String {
    switch self {
    case .series(let frame), .block(_, let frame): String(buffer: frame.message)
    case .gap(let range): "G \(range)"
    }
  }

  /// The keys that a text frame mentions.
  var keys: Set<Int64> {
    let words = text.split(separator: " ")
    switch self {
    case .series: return Set(words.dropFirst().compactMap { Int64($0) })
    case .block:
      return Set(
        words.dropFirst(2).compactMap { $0.split(separator: "=").first.flatMap { Int64($0) } })
    case .gap: return []
    }
  }
}

/// Journal payloads as text: `key:microseconds:value` separated by spaces; sensors are samples.
struct TextJournalCodec: JournalCodec {
  func encode(_ readings: [ValidReading]) -> [UInt8] {
    let words = readings.map { "\($0.sensor.key):\($0.timestamp.microseconds):\($0.value)" }
    return Array(words.joined(separator: " ").utf8)
  }

  func decode(_ payload: [UInt8]) -> [ValidReading]? {
    var readings: [ValidReading] = []
    for word in String(decoding: payload, as: UTF8.self).split(separator: " ") {
      let parts = word.split(separator: ":")
      guard parts.count == 3, let key = Int64(parts[0]), let time = Int64(parts[1]),
        let value = Double(parts[2])
      else { return nil }
      readings.append(.sample(key, value, at: time))
    }
    return readings
  }
}
