// SPDX-License-Identifier: Apache-2.0

/// Several metric types at once, in questions about readings: who asks for temperatures need not know which
/// kinds there are.
package enum MetricFamily: String, CatalogueWord {
  case temperature
  case pressure
  case power
  case energy

  package var types: [MetricType] {
    switch self {
    case .temperature:
      [.supplyTemperature, .returnTemperature, .externalTemperature, .temperatureSetpoint]
    case .pressure:
      [.suctionPressure, .dischargePressure, .filterPressureDrop, .fanPressureDifference]
    case .power: [.power]
    case .energy: [.energy]
    }
  }
}
