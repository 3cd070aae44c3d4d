// SPDX-License-Identifier: Apache-2.0

/// Finds what measures an asset. Port: implemented by `Persistence`.
package protocol AssetSensors: Sendable {
  /// All active sensors of an asset's active devices, ordered by key.
  /// - Parameter tag: any case.
  /// - Returns: nil when the tenant has no such asset.
  func sensors(ofAsset tag: String, of tenant: Tenant) async throws(StoreError) -> [Sensor]?
}

/// Knows when sensors and devices came and went. Port: implemented by `Persistence`.
package protocol StatusLog: Sendable {
  /// When sensors came and went within a range, and how they were when it began: of each, the last change before
  /// it and those in it, ascending. The end of the range is as far as anything is known: now, or earlier.
  /// - Parameters:
  ///   - sensors: keys.
  ///   - limit: most changes, at least 1.
  /// - Returns: nil: there are more than `limit`.
  func statusChanges(
    of sensors: [Int64], in range: Range<Timestamp>, limit: Int, tenant: Tenant
  ) async throws(StoreError) -> [StatusChange]?

  /// The same of all that a device is seen by: its sensors, archived ones too, because what they measured they
  /// did measure, and its heartbeats.
  /// - Parameter device: key.
  func statusChanges(
    ofDevice device: Int64, in range: Range<Timestamp>, limit: Int, tenant: Tenant
  ) async throws(StoreError) -> [StatusChange]?

  /// The same of one sensor, and when it went beyond its thresholds and came back.
  /// - Parameter limit: most changes of both kinds together.
  func statusRecord(
    of sensor: Int64, in range: Range<Timestamp>, limit: Int, tenant: Tenant
  ) async throws(StoreError) -> StatusRecord?
}

/// Answers questions about readings that are not history of a sensor. Port: implemented by `Persistence`.
package protocol TelemetryQueries: AssetSensors, StatusLog {
  /// What sensors measured in a range, taken together; sensors without readings in it are left out.
  /// - Parameter sensors: keys.
  func totals(
    of sensors: [Int64], in range: Range<Timestamp>, tenant: Tenant
  ) async throws(StoreError) -> [ReadingTotals]

  /// How a device and its active sensors are.
  /// - Parameter since: where the readings begin that the statistics are made of.
  /// - Returns: nil when the tenant has no such device.
  func state(
    of device: DeviceID, statisticsSince since: Timestamp, tenant: Tenant
  ) async throws(StoreError) -> DeviceState?

  /// One page of readings, newest first, then by sensor key.
  func readings(
    _ query: ReadingQuery, _ page: PageRequest, tenant: Tenant
  ) async throws(StoreError) -> Page<LatestReading>
}

/// What one sensor measured in a range.
package struct ReadingTotals: Hashable, Sendable {
  package let sensorKey: Int64
  package let average: Double
  package let minimum: Double
  package let maximum: Double
  /// The newest value, by measurement time.
  package let last: Double
  /// At least 1.
  package let count: Int64
  /// Standard deviation of the sample; nil where it was not asked for, or of a single reading.
  package let deviation: Double?

  package init(
    sensorKey: Int64, average: Double, minimum: Double, maximum: Double, last: Double,
    count: Int64, deviation: Double? = nil
  ) {
    self.sensorKey = sensorKey
    self.average = average
    self.minimum = minimum
    self.maximum = maximum
    self.last = last
    self.count = count
    self.deviation = deviation
  }
}

/// A device as its newest readings show it.
package struct DeviceState: Hashable, Sendable {
  package struct SensorState: Hashable, Sendable {
    package let sensor: Sensor
    /// nil: none was ever stored.
    package let newest: LatestReading?
    /// The newest value lies outside the sensor's thresholds.
    package let isBeyondThresholds: Bool
    /// nil: there are no readings in the range.
    package let totals: ReadingTotals?

    package init(
      sensor: Sensor, newest: LatestReading?, isBeyondThresholds: Bool = false,
      totals: ReadingTotals?
    ) {
      self.sensor = sensor
      self.newest = newest
      self.isBeyondThresholds = isBeyondThresholds
      self.totals = totals
    }
  }

  package let deviceKey: Int64
  /// How old the newest reading of something that is online may be.
  package let timeout: Duration
  /// Of the newest measurement or heartbeat; nil: never.
  package let lastSeen: Timestamp?
  /// Ordered by key.
  package let sensors: [SensorState]

  /// What holds for devices that have no timeout of their own.
  package static let defaultTimeout: Duration = .seconds(300)

  package init(
    deviceKey: Int64, timeout: Duration, lastSeen: Timestamp?, sensors: [SensorState]
  ) {
    self.deviceKey = deviceKey
    self.timeout = timeout
    self.lastSeen = lastSeen
    self.sensors = sensors
  }
}

/// Which readings are wanted.
package struct ReadingQuery: Hashable, Sendable {
  /// Keys; none: nothing is wanted.
  package var sensors: [Int64]
  package var range: Range<Timestamp>
  /// nil: unbounded.
  package var minimum: Double?
  package var maximum: Double?

  package init(
    sensors: [Int64], range: Range<Timestamp>, minimum: Double? = nil, maximum: Double? = nil
  ) {
    self.sensors = sensors
    self.range = range
    self.minimum = minimum
    self.maximum = maximum
  }
}
