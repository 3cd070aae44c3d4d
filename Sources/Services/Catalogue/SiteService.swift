// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

/// `traksense.v1.SiteService`: the places where assets stand.
package struct SiteService: TraksenseV1.SiteServiceProtocol {
  let desk: CatalogueDesk

  /// - Parameter desk: what the services of the catalogue share.
  package init(_ desk: CatalogueDesk) {
    self.desk = desk
  }

  package func listSites(
    _ request: TraksenseV1.ListSitesRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListSitesResponse {
    let tenant = try context.tenant()
    let wanted = try PageRequest(page: request.page, pageSize: request.pageSize)
    var input = ListInput()
    var query = SiteQuery()
    query.search = input.search(request.search)
    query.order = input.order(request.ordering)
    query.company = request.company.asFilter
    query.sector = request.sector.asFilter
    query.subsector = request.subsector.asFilter
    query.timezone = request.timezone.asFilter
    query.withArchived = request.archived
    try input.check()
    let page = try await desk.stored("site", context) { () async throws(CatalogueError) in
      try await desk.sites.sites(query, wanted, of: tenant)
    }.checked(wanted)
    return TraksenseV1.ListSitesResponse(
      count: UInt32(clamping: page.count), results: page.items.map { TraksenseV1.Site($0) })
  }

  package func getSite(
    _ request: TraksenseV1.GetSiteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Site {
    try await answer(context) { tenant throws(CatalogueError) in
      try await desk.sites.site(Int64(request.id), of: tenant)
    }
  }

  package func createSite(
    _ request: TraksenseV1.CreateSiteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Site {
    let new = try changes(request, CatalogueInput(isWhole: true))
    return try await answer(context) { tenant throws(CatalogueError) in
      try await desk.sites.createSite(new, of: tenant)
    }
  }

  package func updateSite(
    _ request: TraksenseV1.UpdateSiteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Site {
    try await change(request, isWhole: false, context)
  }

  package func replaceSite(
    _ request: TraksenseV1.UpdateSiteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Site {
    try await change(request, isWhole: true, context)
  }

  package func deleteSite(
    _ request: TraksenseV1.DeleteSiteRequest, context: ServerContext
  ) async throws(RPCError) -> ProtoEmpty {
    let tenant = try context.tenant()
    try await desk.stored("site", context) { () async throws(CatalogueError) in
      try await desk.sites.deleteSite(Int64(request.id), of: tenant)
    }
    return ProtoEmpty()
  }

  package func archiveSite(
    _ request: TraksenseV1.ArchiveSiteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Site {
    try await answer(context) { tenant throws(CatalogueError) in
      try await desk.sites.setActive(false, site: Int64(request.id), of: tenant)
    }
  }

  package func restoreSite(
    _ request: TraksenseV1.RestoreSiteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Site {
    try await answer(context) { tenant throws(CatalogueError) in
      try await desk.sites.setActive(true, site: Int64(request.id), of: tenant)
    }
  }

  // MARK: Shared

  private func answer(
    _ context: ServerContext,
    _ body: (Tenant) async throws(CatalogueError) -> SiteRecord
  ) async throws(RPCError) -> TraksenseV1.Site {
    let tenant = try context.tenant()
    return TraksenseV1.Site(
      try await desk.stored("site", context) { () async throws(CatalogueError) in
        try await body(tenant)
      })
  }

  private func change(
    _ request: TraksenseV1.UpdateSiteRequest, isWhole: Bool, _ context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Site {
    let changes = try changes(request, CatalogueInput(request.updateMask, isWhole: isWhole))
    return try await answer(context) { tenant throws(CatalogueError) in
      try await desk.sites.changeSite(Int64(request.id), changes, of: tenant)
    }
  }

  private func changes(
    _ fields: some SiteFields, _ input: consuming CatalogueInput
  ) throws(RPCError) -> SiteChanges {
    var changes = SiteChanges()
    changes.name = input.required(fields.name, "name", maxLength: 200)
    changes.company = input.line(fields.company, "company", maxLength: 200)
    changes.sector = input.line(fields.sector, "sector", maxLength: 200)
    changes.subsector = input.line(fields.subsector, "subsector", maxLength: 200)
    changes.address = input.text(fields.address, "address", maxLength: 1_000)
    changes.latitude = input.coordinate(fields.latitude, "latitude", .latitude)
    changes.longitude = input.coordinate(fields.longitude, "longitude", .longitude)
    changes.timezone = input.line(fields.timezone, "timezone", maxLength: 50)
    if let name = changes.timezone, !desk.timeZones.contains(name) {
      input.add("timezone", "Must be the name of a time zone, such as America/Sao_Paulo.")
    }
    try input.check()
    return changes
  }
}

/// The fields of a new site and of a change alike.
private protocol SiteFields {
  var name: String { get }
  var company: String { get }
  var sector: String { get }
  var subsector: String { get }
  var address: String { get }
  var latitude: ProtoStringValue? { get }
  var longitude: ProtoStringValue? { get }
  var timezone: String { get }
}

extension TraksenseV1.CreateSiteRequest: SiteFields {}
extension TraksenseV1.UpdateSiteRequest: SiteFields {}
