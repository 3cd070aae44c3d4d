// SPDX-License-Identifier: Apache-2.0

/// A device with what is known of it and measured by it.
package struct DeviceRecord: Hashable, Sendable {
  /// Seconds of silence after which a device counts as offline, unless it says otherwise.
  package static let defaultOfflineAfter = 300
  /// What it may say: 10 s to 7 days.
  package static let offlineAfterRange = 10...604_800

  package var id: Int64
  package var name: String
  package var serialNumber: String
  package var clientID: String
  package var asset: Int64
  package var assetTag: String
  package var assetName: String
  package var site: Int64
  package var siteName: String
  /// Usually a ``DeviceType``.
  package var type: String
  /// Usually a ``DeviceStatus``: ERROR and MAINTENANCE as said, else as measured.
  package var status: String
  package var firmwareVersion = ""
  /// Of the newest measurement or heartbeat.
  package var lastSeen: Timestamp?
  package var isOnline = false
  /// Seconds.
  package var offlineAfter = Self.defaultOfflineAfter
  // Without archived ones.
  package var sensors = 0
  package var onlineSensors = 0
  /// Percent of the last 24 hours; nil when nothing is known of them.
  package var availability: Double?
  /// False: archived.
  package var isActive = true
  package var createdAt: Timestamp
  package var updatedAt: Timestamp

  package init(
    id: Int64, name: String, serialNumber: String, clientID: String, asset: Int64,
    assetTag: String, assetName: String, site: Int64, siteName: String, type: String,
    status: String, createdAt: Timestamp, updatedAt: Timestamp
  ) {
    self.id = id
    self.name = name
    self.serialNumber = serialNumber
    self.clientID = clientID
    self.asset = asset
    self.assetTag = assetTag
    self.assetName = assetName
    self.site = site
    self.siteName = siteName
    self.type = type
    self.status = status
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  package var connectivity: Connectivity {
    if status == DeviceStatus.error.rawValue { return .warning }
    guard isOnline else { return .offline }
    return onlineSensors < sensors ? .warning : .online
  }

  /// For people.
  package var displayName: String { Self.displayName(serialNumber, name) }

  /// The end of a serial number longer than 4 characters, else the name.
  package static func displayName(_ serialNumber: String, _ name: String) -> String {
    serialNumber.count > 4 ? "Device \(serialNumber.suffix(4))" : name
  }
}

/// What a new device is made of, or what of one is changed: what is not nil.
package struct DeviceChanges: Hashable, Sendable {
  package var name: String?
  package var serialNumber: String?
  package var clientID: DeviceID?
  package var asset: Int64?
  package var type: DeviceType?
  package var status: DeviceStatus?
  package var firmwareVersion: String?
  /// Seconds.
  package var offlineAfter: Int?

  package init() {}
}

/// Which devices are wanted, and in what order.
package struct DeviceQuery: Hashable, Sendable {
  package enum Order: String, CatalogueWord {
    case name
    case serialNumber = "serial_number"
    case status
    case lastSeen = "last_seen"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
    case id
  }

  /// What a status may be asked for by.
  package enum Status: Hashable, Sendable {
    /// ERROR or MAINTENANCE, and also online or offline as long as neither is said.
    case shown(DeviceStatus)
    case warning
  }

  package var search: [String] = []
  package var order: [OrderTerm<Order>] = []
  package var asset: Int64?
  package var site: Int64?
  package var type: DeviceType?
  package var status: Status?
  package var isOnline: Bool?
  package var withArchived = false

  package init() {}
}

/// When a device was seen last, and what follows from it.
package struct DevicePresence: Hashable, Sendable {
  package var status: String
  package var lastSeen: Timestamp?
  package var isOnline: Bool

  package init(status: String, lastSeen: Timestamp?, isOnline: Bool) {
    self.status = status
    self.lastSeen = lastSeen
    self.isOnline = isOnline
  }
}
