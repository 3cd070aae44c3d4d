// SPDX-License-Identifier: Apache-2.0

import Domain
import Foundation

/// A plausible course for one sensor: a level typical of what it measures, a slow wave, a faster one as of
/// a controller at work, and noise. Never leaves the sensor's range.
struct SimulatedSignal: Sendable {
  private let level: Double
  private let swing: Double
  private let phase: Double
  private let range: ClosedRange<Double>
  /// Counters only rise; value per hour.
  private let climbPerHour: Double?

  init(_ sensor: Sensor) {
    let low = sensor.minimum ?? -1e6
    let high = max(low, sensor.maximum ?? 1e6)
    range = low...high
    phase = Double(sensor.key % 17) / 17 * 2 * .pi
    climbPerHour = sensor.type == "energy_kwh" ? 120 : nil
    (level, swing) =
      switch sensor.type {
      case "temp_supply": (7.5, 1.2)
      case "temp_return": (12.5, 1.5)
      case "temp_external": (27, 6)
      case "humidity": (52, 8)
      case "pressure_suction": (4.2, 0.4)
      case "pressure_discharge": (11, 1)
      case "dp_filter": (140, 25)
      case "airflow": (9_500, 700)
      case "power_kw": (58, 14)
      case "vibration": (2.4, 0.6)
      default: ((low + high) / 2, (high - low) / 20)
      }
  }

  /// - Parameter noise: −1…1.
  func value(at now: Timestamp, noise: Double) -> Double {
    let seconds = Double(now.microseconds) / 1_000_000
    let raw: Double
    if let climbPerHour {
      // Hours since 2025-01-01.
      raw = (seconds - 1_735_689_600) / 3600 * climbPerHour
    } else {
      raw =
        level + swing * (0.6 * sin(seconds / 1800 + phase) + 0.3 * sin(seconds / 47 + 3 * phase))
        + 0.05 * swing * noise
    }
    let bounded = min(max(raw, range.lowerBound), range.upperBound)
    return (bounded * 1000).rounded() / 1000
  }
}
