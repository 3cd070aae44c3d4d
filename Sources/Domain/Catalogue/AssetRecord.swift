// SPDX-License-Identifier: Apache-2.0

/// An asset with what is known of it and of what measures it.
package struct AssetRecord: Hashable, Sendable {
  package var id: Int64
  package var tag: String
  package var name: String
  package var site: Int64
  package var siteName: String
  /// Usually an ``AssetType``.
  package var type: String
  package var typeOther = ""
  package var manufacturer = ""
  package var model = ""
  package var serialNumber = ""
  package var location = ""
  package var installedOn: CalendarDate?
  package var lastMaintenance: Timestamp?
  /// Usually an ``AssetStatus``.
  package var status: String
  /// 0–100; see `traksense.v1.Asset`.
  package var healthScore = 100
  package var specifications: JSONObjectText
  // Without archived ones.
  package var devices = 0
  package var onlineDevices = 0
  package var sensors = 0
  package var onlineSensors = 0
  /// False: archived.
  package var isActive = true
  package var createdAt: Timestamp
  package var updatedAt: Timestamp

  package init(
    id: Int64, tag: String, name: String, site: Int64, siteName: String, type: String,
    status: String, specifications: JSONObjectText, createdAt: Timestamp, updatedAt: Timestamp
  ) {
    self.id = id
    self.tag = tag
    self.name = name
    self.site = site
    self.siteName = siteName
    self.type = type
    self.status = status
    self.specifications = specifications
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  /// The site and where in it.
  package var fullLocation: String {
    [siteName, location].filter { !$0.isEmpty }.joined(separator: " - ")
  }
}

/// What a new asset is made of, or what of one is changed: what is not nil.
package struct AssetChanges: Hashable, Sendable {
  /// nil for a new one: made of the name, and unique.
  package var tag: AssetTag?
  package var name: String?
  package var site: Int64?
  package var type: AssetType?
  package var typeOther: String?
  package var manufacturer: String?
  package var model: String?
  package var serialNumber: String?
  package var location: String?
  package var installedOn: CalendarDate??
  package var lastMaintenance: Timestamp??
  package var status: AssetStatus?
  package var specifications: JSONObjectText?

  package init() {}
}

/// Which assets are wanted, and in what order.
package struct AssetQuery: Hashable, Sendable {
  package enum Order: String, CatalogueWord {
    case tag, name, status
    case healthScore = "health_score"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
    case id
  }

  /// What a status may be asked for by.
  package enum Status: Hashable, Sendable {
    case said(AssetStatus)
    case measured(Connectivity)
  }

  package var search: [String] = []
  package var order: [OrderTerm<Order>] = []
  package var site: Int64?
  package var type: AssetType?
  package var status: Status?
  package var manufacturer: String?
  package var withArchived = false

  package init() {}
}

/// A JSON object as text, which is known to be one.
package struct JSONObjectText: Hashable, Sendable {
  package static let empty = JSONObjectText("{}")

  package let text: String

  /// - Parameter text: a JSON object.
  package init(_ text: String) {
    self.text = text
  }
}
