// SPDX-License-Identifier: Apache-2.0

/// A site with what is known of it.
package struct SiteRecord: Hashable, Sendable {
  package var id: Int64
  package var name: String
  package var company = ""
  package var sector = ""
  package var subsector = ""
  package var address = ""
  package var latitude: Coordinate?
  package var longitude: Coordinate?
  package var timezone: String
  /// Without archived ones.
  package var assets = 0
  /// False: archived.
  package var isActive = true
  package var createdAt: Timestamp
  package var updatedAt: Timestamp

  package init(
    id: Int64, name: String, timezone: String, createdAt: Timestamp, updatedAt: Timestamp
  ) {
    self.id = id
    self.name = name
    self.timezone = timezone
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  /// Name, company and sector, as far as there are any.
  package var fullName: String {
    [name, company, sector].filter { !$0.isEmpty }.joined(separator: " - ")
  }
}

/// What a new site is made of, or what of one is changed: what is not nil.
package struct SiteChanges: Hashable, Sendable {
  package var name: String?
  package var company: String?
  package var sector: String?
  package var subsector: String?
  package var address: String?
  package var latitude: Coordinate??
  package var longitude: Coordinate??
  package var timezone: String?

  package init() {}
}

/// Which sites are wanted, and in what order.
package struct SiteQuery: Hashable, Sendable {
  package enum Order: String, CatalogueWord {
    case name, company, createdAt = "created_at", updatedAt = "updated_at", id
  }

  package var search: [String] = []
  package var order: [OrderTerm<Order>] = []
  package var company: String?
  package var sector: String?
  package var subsector: String?
  package var timezone: String?
  package var withArchived = false

  package init() {}
}

/// How many things a site has and how they are, without archived ones.
package struct SiteStats: Hashable, Sendable {
  package var assetsByStatus: [String: Int] = [:]
  package var assetsByType: [String: Int] = [:]
  package var devices = 0
  package var onlineDevices = 0
  package var sensors = 0
  package var onlineSensors = 0
  /// The mean over those devices of which it is known, in percent; nil when it is of none.
  package var deviceAvailability: Double?

  package init() {}

  package var assets: Int { assetsByStatus.values.reduce(0, +) }
}
