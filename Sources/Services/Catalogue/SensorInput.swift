// SPDX-License-Identifier: Apache-2.0

import Domain
import TrakSenseAPI

/// The fields of a new sensor and of a change alike.
protocol SensorFields {
  var tag: String { get }
  var device: UInt32 { get }
  var metricType: String { get }
  var unit: String { get }
  var minValue: ProtoDoubleValue? { get }
  var maxValue: ProtoDoubleValue? { get }
  var thresholds: ProtoStruct? { get }
}

extension TraksenseV1.CreateSensorRequest: SensorFields {}
extension TraksenseV1.NewSensor: SensorFields {}
extension TraksenseV1.UpdateSensorRequest: SensorFields {}

extension CatalogueInput {
  private static let thresholdLimits = ObjectLimits(maxBytes: 4 << 10)

  mutating func sensor(_ fields: some SensorFields) -> SensorChanges {
    var changes = SensorChanges()
    changes.tag = required(level: fields.tag, "tag", maxLength: 200) { SensorID($0) }
    changes.device = required(id: fields.device, "device")
    changes.metric = required(word: fields.metricType, "metric_type")
    changes.unit = required(fields.unit, "unit", maxLength: 50)
    changes.minimum = number(fields.minValue, "min_value")
    changes.maximum = number(fields.maxValue, "max_value")
    if let thresholds = object(fields.thresholds, "thresholds", Self.thresholdLimits) {
      take(thresholds, into: &changes)
    }
    if case .some(.some(let minimum)) = changes.minimum,
      case .some(.some(let maximum)) = changes.maximum, minimum > maximum
    {
      add("min_value", "Must not be above max_value.")
    }
    if let thresholds = fields.thresholds { compare(thresholds, with: changes) }
    return changes
  }

  /// With the limits that the request has. The database knows the others.
  private mutating func compare(_ thresholds: ProtoStruct, with changes: SensorChanges) {
    let lowest = (changes.minimum ?? nil) ?? -.infinity
    let highest = (changes.maximum ?? nil) ?? .infinity
    let isOutside = SensorThresholds.ascending.contains { name in
      if case .number(let value) = thresholds[name] {
        value < lowest || value > highest
      } else {
        false
      }
    }
    if isOutside, !problems.mentions("thresholds"), !problems.mentions("min_value") {
      add("thresholds", "Must lie between min_value and max_value.")
    }
  }

  private mutating func take(_ thresholds: ProtoStruct, into changes: inout SensorChanges) {
    var last: (name: String, value: Double)?
    for name in SensorThresholds.ascending {
      switch thresholds[name] {
      case nil, .null: continue
      case .number(let value):
        if let last, last.value > value {
          add("thresholds", "\(last.name) must not be above \(name).")
        }
        last = (name, value)
      default: add("thresholds", "\(name) must be a number or null.")
      }
    }
    limit(thresholds, SensorThresholds.minimum, "min_value", &changes.minimum)
    limit(thresholds, SensorThresholds.maximum, "max_value", &changes.maximum)
    var rest = thresholds
    rest[SensorThresholds.minimum] = nil
    rest[SensorThresholds.maximum] = nil
    changes.thresholds = JSONObjectText(rest)
  }

  /// A threshold that is one of the sensor's limits under another name.
  private mutating func limit(
    _ thresholds: ProtoStruct, _ name: String, _ field: String, _ limit: inout Double??
  ) {
    let value: Double?
    switch thresholds[name] {
    case .number(let number): value = number
    case .null: value = nil
    default: return
    }
    if let known = limit, known != value {
      add("thresholds", "\(name) is \(field), which says something else.")
    }
    limit = .some(value)
  }
}

/// The members of a sensor's thresholds that have a meaning.
enum SensorThresholds {
  static let minimum = "min"
  static let maximum = "max"
  /// None may be above one that follows it.
  static let ascending = [
    minimum, "critical_low", "warning_low", "setpoint", "warning_high", "critical_high", maximum,
  ]
}
