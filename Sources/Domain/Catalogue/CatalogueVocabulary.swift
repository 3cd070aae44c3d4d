// SPDX-License-Identifier: Apache-2.0

/// One of a closed list of words, taken in any case.
package protocol CatalogueWord: RawRepresentable, CaseIterable, Hashable, Sendable
where RawValue == String {}

extension CatalogueWord {
  /// - Parameter text: in any case.
  package init?(anyCase text: String) {
    let folded = text.lowercased()
    guard let word = Self.allCases.first(where: { $0.rawValue.lowercased() == folded }) else {
      return nil
    }
    self = word
  }

  /// All words, for people.
  package static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

package enum AssetType: String, CatalogueWord {
  case chiller = "CHILLER"
  case airHandlingUnit = "AHU"
  case fanCoil = "FAN_COIL"
  case pump = "PUMP"
  case boiler = "BOILER"
  case coolingTower = "COOLING_TOWER"
  case variableRefrigerantFlow = "VRF"
  case rooftopUnit = "RTU"
  case valve = "VALVE"
  case sensor = "SENSOR"
  case controller = "CONTROLLER"
  case filter = "FILTER"
  case duct = "DUCT"
  case meter = "METER"
  case other = "OTHER"
}

package enum AssetStatus: String, CatalogueWord {
  case ok = "OK"
  case maintenance = "MAINTENANCE"
  case stopped = "STOPPED"
  case alert = "ALERT"
}

package enum DeviceType: String, CatalogueWord {
  case controller = "CONTROLLER"
  case energyMeter = "ENERGY_METER"
  case sensorHub = "SENSOR_HUB"
  case gateway = "GATEWAY"
  case other = "OTHER"
}

/// What is said of a device. Whether it is online is measured: of the first two, either means that nothing is
/// said.
package enum DeviceStatus: String, CatalogueWord {
  case online = "ONLINE"
  case offline = "OFFLINE"
  case error = "ERROR"
  case maintenance = "MAINTENANCE"
}

/// How something is by what is measured, whatever is said of it. This is the one definition.
///
/// Online is what was seen within the last `offline_after_seconds` of its device: a sensor by its newest reading's
/// time of measurement, a device by that of any of its sensors or a heartbeat, an asset when one of its devices is.
package enum Connectivity: String, CatalogueWord {
  /// Of assets that are asked for: those with warnings, too; of sensors and devices that are shown: without.
  case online = "ONLINE"
  case offline = "OFFLINE"
  /// A sensor: online, and its newest value is outside `warning_low` to `warning_high` or `critical_low` to
  /// `critical_high` of its thresholds; the bounds themselves are inside. A device: its status is ERROR, or it is
  /// online while one of its sensors is not. An asset: its status is ALERT, or one of its devices is like that.
  case warning = "WARNING"

  /// A sensor's.
  package init(isOnline: Bool, isBeyondThresholds: Bool) {
    self = isOnline ? (isBeyondThresholds ? .warning : .online) : .offline
  }
}

/// What a sensor measures.
package enum MetricType: String, CatalogueWord {
  case supplyTemperature = "temp_supply"
  case returnTemperature = "temp_return"
  case externalTemperature = "temp_external"
  case temperatureSetpoint = "temp_setpoint"
  case humidity
  case dewpoint
  case suctionPressure = "pressure_suction"
  case dischargePressure = "pressure_discharge"
  case filterPressureDrop = "dp_filter"
  case fanPressureDifference = "dp_fan"
  case airflow
  case fanSpeed = "rpm_fan"
  case voltage
  case current
  case power = "power_kw"
  case energy = "energy_kwh"
  case powerFactor = "power_factor"
  case superheat
  case subcooling
  case vibration
  case noise
  case compressorState = "compressor_state"
  case valvePosition = "valve_position"
  case coefficientOfPerformance = "cop"
  case energyEfficiencyRatio = "eer"
  case maintenance
  case maintenanceReminder = "maintenance_reminder"
}
