// SPDX-License-Identifier: Apache-2.0

import Domain

/// The sensors that one view has announced, each with the number of its announcement. A sensor whose
/// description changed is announced again, under the next number.
struct SeriesDictionary {
  /// Announcements made so far; the next one gets this number.
  private(set) var announcements = 0
  private var series: [Int64: (sensor: Sensor, number: Int)] = [:]
  private var sorted: [Sensor]?

  /// True when `sensor` is here with the same description.
  func knows(_ sensor: Sensor) -> Bool {
    guard let known = series[sensor.key]?.sensor else { return false }
    return known.id == sensor.id && known.device == sensor.device && known.type == sensor.type
      && known.unit == sensor.unit
  }

  /// Announces the sensor, unless it is known.
  mutating func add(_ sensor: Sensor) {
    guard !knows(sensor) else { return }
    series[sensor.key] = (sensor, announcements)
    announcements += 1
    sorted = nil
  }

  /// All sensors, ordered by key. Sorted once after each change.
  mutating func all() -> [Sensor] {
    if let sorted { return sorted }
    let result = series.values.map(\.sensor).sorted { $0.key < $1.key }
    sorted = result
    return result
  }

  /// The sensors whose announcement has this number or a later one, ordered by key.
  func announced(since number: Int) -> [Sensor] {
    series.values.filter { $0.number >= number }.map(\.sensor).sorted { $0.key < $1.key }
  }
}
