// SPDX-License-Identifier: Apache-2.0

import Domain
import Ingest
import Logging

/// Plays the devices of one tenant: publishes a reading per sensor and interval, QoS 1, on the devices'
/// own topics.
struct DeviceSimulator: Sendable {
  private let tenant: TenantSlug
  private let sensors: [(sensor: Sensor, signal: SimulatedSignal)]
  private let interval: Duration
  private let publisher: MQTTPublisher
  private let clock: WallClock
  private let logger: Logger

  init(
    tenant: TenantSlug, sensors: [Sensor], interval: Duration, broker: MQTTEndpoint,
    clock: WallClock, logger: Logger
  ) throws {
    self.tenant = tenant
    self.sensors = sensors.map { ($0, SimulatedSignal($0)) }
    self.interval = interval
    self.clock = clock
    self.logger = logger
    publisher = try MQTTPublisher(
      configuration: MQTTPublisher.Configuration(
        endpoint: broker, clientID: "traksense-simulator-\(tenant)"), logger: logger)
  }

  /// Publishes until the task is cancelled.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await publisher.run() }
      group.addTask { await publishRounds() }
      await group.waitForAll()
    }
  }

  private func publishRounds() async {
    do {
      while true {
        let now = clock.now()
        try await publisher.publish(sensors.map { message($0.sensor, $0.signal, now) })
        try await Task.sleep(for: interval)
      }
    } catch {
      logger.debug("simulation ends", metadata: ["reason": "\(error)"])
    }
    publisher.stop()
  }

  private func message(
    _ sensor: Sensor, _ signal: SimulatedSignal, _ now: Timestamp
  ) -> MQTTMessage {
    let value = signal.value(at: now, noise: .random(in: -1...1))
    let payload = """
      {"value":\(value),"unit":"\(sensor.unit)","timestamp":"\(now.rfc3339)"}
      """
    return MQTTMessage(
      topic: "tenants/\(tenant)/devices/\(sensor.device)/sensors/\(sensor.id)",
      payload: Array(payload.utf8))
  }
}
