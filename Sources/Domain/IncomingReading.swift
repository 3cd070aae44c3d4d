// SPDX-License-Identifier: Apache-2.0

/// One measured point as it arrived, before anything about it was checked.
package struct IncomingReading: Hashable, Sendable {
  /// Slug of the tenant, as sent.
  package var tenant: String
  package var deviceID: String
  package var sensorID: String
  package var value: Double
  package var unit: String
  /// When it was measured. A point without a time is unreadable: "now" would turn every redelivery
  /// into a new point.
  package var timestamp: Timestamp

  package init(
    tenant: String, deviceID: String, sensorID: String, value: Double, unit: String,
    timestamp: Timestamp
  ) {
    self.tenant = tenant
    self.deviceID = deviceID
    self.sensorID = sensorID
    self.value = value
    self.unit = unit
    self.timestamp = timestamp
  }
}

/// One point of a delivery: readable, or not and why.
package enum IncomingPoint: Hashable, Sendable {
  case reading(IncomingReading)
  /// The tenant is what could be made out of the topic or body; empty when nothing could.
  case unreadable(tenant: String, Refusal)

  package var tenant: String {
    switch self {
    case .reading(let reading): reading.tenant
    case .unreadable(let tenant, _): tenant
    }
  }
}

/// One message, request or call: the points it carried and where it came from.
package struct Delivery: Hashable, Sendable {
  package var points: [IncomingPoint]
  package var source: Source

  package init(points: [IncomingPoint], source: Source) {
    self.points = points
    self.source = source
  }

  /// What happens to a refused point depends on whether somebody is listening.
  package enum Source: Hashable, Sendable {
    /// Nobody hears an error: refused points are quarantined with the original payload.
    case mqtt(topic: String, payload: [UInt8])
    /// The caller hears the refusal and keeps the point: nothing of a refused point is stored.
    case call
  }
}
