// SPDX-License-Identifier: Apache-2.0

/// A sensor with what is known of it and measured by it.
package struct SensorRecord: Hashable, Sendable {
  package var id: Int64
  package var tag: String
  package var device: Int64
  package var deviceName: String
  package var deviceSerial: String
  package var clientID: String
  package var asset: Int64
  package var assetTag: String
  package var assetName: String
  package var siteName: String
  /// Usually a ``MetricType``.
  package var metric: String
  package var unit: String
  /// Readings below it are refused.
  package var minimum: Double?
  /// Readings above it are refused.
  package var maximum: Double?
  /// Without `min` and `max`.
  package var thresholds: JSONObjectText
  /// Of the newest reading by time of measurement.
  package var lastValue: Double?
  package var lastReadingAt: Timestamp?
  package var isOnline = false
  /// The newest value lies outside the thresholds.
  package var isBeyondThresholds = false
  /// Percent of the last 24 hours; nil when nothing is known of them, or where it was not asked for.
  package var availability: Double?
  /// False: archived.
  package var isActive = true
  package var createdAt: Timestamp
  package var updatedAt: Timestamp

  package init(
    id: Int64, tag: String, device: Int64, deviceName: String, deviceSerial: String,
    clientID: String, asset: Int64, assetTag: String, assetName: String, siteName: String,
    metric: String, unit: String, thresholds: JSONObjectText, createdAt: Timestamp,
    updatedAt: Timestamp
  ) {
    self.id = id
    self.tag = tag
    self.device = device
    self.deviceName = deviceName
    self.deviceSerial = deviceSerial
    self.clientID = clientID
    self.asset = asset
    self.assetTag = assetTag
    self.assetName = assetName
    self.siteName = siteName
    self.metric = metric
    self.unit = unit
    self.thresholds = thresholds
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  package var connectivity: Connectivity {
    Connectivity(isOnline: isOnline, isBeyondThresholds: isBeyondThresholds)
  }

  /// What follows the tag's first underscore, for people: `RSSI`, `Supply`; the tag when nothing does.
  package var variableName: String {
    let rest = tag.drop { $0 != "_" }.dropFirst()
    let name = rest.isEmpty ? tag : String(rest)
    if ["rssi", "snr"].contains(name.lowercased()) { return name.uppercased() }
    guard name == name.lowercased() else { return name }
    return name.split(separator: " ", omittingEmptySubsequences: false).map { word in
      word.prefix(1).uppercased() + word.dropFirst()
    }.joined(separator: " ")
  }
}

/// What a new sensor is made of, or what of one is changed: what is not nil.
package struct SensorChanges: Hashable, Sendable {
  package var tag: SensorID?
  package var device: Int64?
  package var metric: MetricType?
  package var unit: String?
  package var minimum: Double??
  package var maximum: Double??
  /// Without `min` and `max`.
  package var thresholds: JSONObjectText?

  package init() {}
}

/// Which sensors are wanted, and in what order.
package struct SensorQuery: Hashable, Sendable {
  package enum Order: String, CatalogueWord {
    case tag
    case metric = "metric_type"
    case lastReadingAt = "last_reading_at"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
    case id
  }

  package var search: [String] = []
  package var order: [OrderTerm<Order>] = []
  package var device: Int64?
  package var asset: Int64?
  /// Those of any of these; nil: of any.
  package var devices: [Int64]?
  /// Those of any of these, on devices that are not archived; nil: of any.
  package var assets: [Int64]?
  package var metric: MetricType?
  package var unit: String?
  package var isOnline: Bool?
  package var status: Connectivity?
  package var withArchived = false

  package init() {}
}
