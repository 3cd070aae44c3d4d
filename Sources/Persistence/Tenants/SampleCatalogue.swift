// SPDX-License-Identifier: Apache-2.0

/// What stands in the sample hospital. Ranges are what the instruments can show, in their unit.
enum SampleCatalogue {
  struct Site: Sendable {
    let name: String
    let address: String
    let assets: [Asset]
  }

  struct Asset: Sendable {
    let tag: String
    let name: String
    let type: String
    let manufacturer: String
    let model: String
    let devices: [Device]
  }

  struct Device: Sendable {
    let id: String
    let name: String
    let type: String
    let sensors: [Sensor]
  }

  struct Sensor: Sendable {
    let tag: String
    let type: String
    let unit: String
    let minimum: Double
    let maximum: Double

    init(_ tag: String, _ type: String, _ unit: String, _ range: ClosedRange<Double>) {
      self.tag = tag
      self.type = type
      self.unit = unit
      minimum = range.lowerBound
      maximum = range.upperBound
    }
  }

  static let sites = [
    Site(
      name: "Hospital Central", address: "Av. João Naves de Ávila 2121, Uberlândia",
      assets: [
        Asset(
          tag: "CH-001", name: "Chiller 1", type: "CHILLER", manufacturer: "Carrier",
          model: "30XA-1002", devices: [chiller("ESP32-01", "Chiller 1 controller")]),
        Asset(
          tag: "CH-002", name: "Chiller 2", type: "CHILLER", manufacturer: "Carrier",
          model: "30XA-1002", devices: [chiller("ESP32-02", "Chiller 2 controller")]),
        Asset(
          tag: "AHU-101", name: "Operating theatre air handling unit", type: "AHU",
          manufacturer: "Trane", model: "CLCH-20",
          devices: [airHandler("ESP32-03", "Operating theatre AHU")]),
        Asset(
          tag: "PUMP-01", name: "Chilled water pump", type: "PUMP", manufacturer: "KSB",
          model: "Etanorm 80-250",
          devices: [
            Device(
              id: "ESP32-05", name: "Chilled water pump meter", type: "ENERGY_METER",
              sensors: [
                Sensor("pressure_001", "pressure_discharge", "bar", 0...16),
                Sensor("power_001", "power_kw", "kW", 0...90),
                Sensor("vibration_001", "vibration", "mm/s", 0...50),
              ])
          ]),
      ]),
    Site(
      name: "Clínica Norte", address: "Rua Ceará 900, Uberlândia",
      assets: [
        Asset(
          tag: "AHU-201", name: "Ward air handling unit", type: "AHU", manufacturer: "Trane",
          model: "CLCH-12", devices: [airHandler("ESP32-04", "Ward AHU")]),
        Asset(
          tag: "FC-201", name: "Pharmacy fan coil", type: "FAN_COIL", manufacturer: "Hitachi",
          model: "RPI-4.0",
          devices: [
            Device(
              id: "ESP32-06", name: "Pharmacy climate", type: "SENSOR_HUB",
              sensors: [
                Sensor("temp_001", "temp_supply", "°C", -40...125),
                Sensor("humidity_001", "humidity", "%", 0...100),
              ])
          ]),
      ]),
  ]

  private static func chiller(_ id: String, _ name: String) -> Device {
    Device(
      id: id, name: name, type: "CONTROLLER",
      sensors: [
        Sensor("temp_001", "temp_supply", "°C", -40...125),
        Sensor("temp_002", "temp_return", "°C", -40...125),
        Sensor("humidity_001", "humidity", "%", 0...100),
        Sensor("pressure_001", "pressure_suction", "bar", 0...30),
        Sensor("pressure_002", "pressure_discharge", "bar", 0...30),
        Sensor("power_001", "power_kw", "kW", 0...500),
        Sensor("energy_001", "energy_kwh", "kWh", 0...1_000_000_000),
      ])
  }

  private static func airHandler(_ id: String, _ name: String) -> Device {
    Device(
      id: id, name: name, type: "CONTROLLER",
      sensors: [
        Sensor("temp_001", "temp_supply", "°C", -40...125),
        Sensor("temp_002", "temp_return", "°C", -40...125),
        Sensor("humidity_001", "humidity", "%", 0...100),
        Sensor("dp_001", "dp_filter", "Pa", 0...1_000),
        Sensor("airflow_001", "airflow", "m³/h", 0...50_000),
      ])
  }
}
