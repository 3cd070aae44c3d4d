// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

/// `traksense.v1.AssetService`: the machines of a site.
package struct AssetService: TraksenseV1.AssetServiceProtocol {
  private static let specifications = ObjectLimits(maxBytes: 16 << 10)

  let desk: CatalogueDesk

  /// - Parameter desk: what the services of the catalogue share.
  package init(_ desk: CatalogueDesk) {
    self.desk = desk
  }

  package func listAssets(
    _ request: TraksenseV1.ListAssetsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListAssetsResponse {
    let page = try await page(request, context)
    return TraksenseV1.ListAssetsResponse(
      count: UInt32(clamping: page.count), results: page.items.map { TraksenseV1.AssetListItem($0) }
    )
  }

  package func getAsset(
    _ request: TraksenseV1.GetAssetRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Asset {
    try await answer(context) { tenant throws(CatalogueError) in
      try await desk.assets.asset(Int64(request.id), of: tenant)
    }
  }

  package func createAsset(
    _ request: TraksenseV1.CreateAssetRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Asset {
    let new = try await changes(request, CatalogueInput(isWhole: true), isNew: true, context)
    return try await answer(context) { tenant throws(CatalogueError) in
      try await desk.assets.createAsset(new, of: tenant)
    }
  }

  package func updateAsset(
    _ request: TraksenseV1.UpdateAssetRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Asset {
    try await change(request, isWhole: false, context)
  }

  package func replaceAsset(
    _ request: TraksenseV1.UpdateAssetRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Asset {
    try await change(request, isWhole: true, context)
  }

  package func deleteAsset(
    _ request: TraksenseV1.DeleteAssetRequest, context: ServerContext
  ) async throws(RPCError) -> ProtoEmpty {
    let tenant = try context.tenant()
    try await desk.stored("asset", context) { () async throws(CatalogueError) in
      try await desk.assets.deleteAsset(Int64(request.id), of: tenant)
    }
    return ProtoEmpty()
  }

  package func archiveAsset(
    _ request: TraksenseV1.ArchiveAssetRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Asset {
    try await answer(context) { tenant throws(CatalogueError) in
      try await desk.assets.setActive(false, asset: Int64(request.id), of: tenant)
    }
  }

  package func restoreAsset(
    _ request: TraksenseV1.RestoreAssetRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Asset {
    try await answer(context) { tenant throws(CatalogueError) in
      try await desk.assets.setActive(true, asset: Int64(request.id), of: tenant)
    }
  }

  // MARK: Shared

  func page(
    _ request: TraksenseV1.ListAssetsRequest, _ context: ServerContext
  ) async throws(RPCError) -> Page<AssetRecord> {
    let tenant = try context.tenant()
    let wanted = try PageRequest(page: request.page, pageSize: request.pageSize)
    var input = ListInput()
    var query = AssetQuery()
    query.search = input.search(request.search)
    query.order = input.order(request.ordering)
    query.site = (request.site?.value).map { Int64($0) }
    query.type = input.word(request.assetType, "asset_type")
    query.status = input.assetStatus(request.status)
    query.manufacturer = request.manufacturer.asFilter
    query.withArchived = request.archived
    try input.check()
    return try await desk.stored("asset", context) { () async throws(CatalogueError) in
      try await desk.assets.assets(query, wanted, of: tenant)
    }.checked(wanted)
  }

  private func answer(
    _ context: ServerContext,
    _ body: (Tenant) async throws(CatalogueError) -> AssetRecord
  ) async throws(RPCError) -> TraksenseV1.Asset {
    let tenant = try context.tenant()
    return TraksenseV1.Asset(
      try await desk.stored("asset", context) { () async throws(CatalogueError) in
        try await body(tenant)
      })
  }

  private func change(
    _ request: TraksenseV1.UpdateAssetRequest, isWhole: Bool, _ context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Asset {
    let input = CatalogueInput(request.updateMask, isWhole: isWhole)
    let changes = try await changes(request, input, isNew: false, context)
    return try await answer(context) { tenant throws(CatalogueError) in
      try await desk.assets.changeAsset(Int64(request.id), changes, of: tenant)
    }
  }

  private func changes(
    _ fields: some AssetFields, _ input: consuming CatalogueInput, isNew: Bool,
    _ context: ServerContext
  ) async throws(RPCError) -> AssetChanges {
    var changes = AssetChanges()
    changes.name = input.line(fields.name, "name", maxLength: 200)
    if isNew, fields.tag.trimmed.isEmpty {
      // Made of the name.
      if fields.name.trimmed.isEmpty { input.add("name", FieldProblems.isRequired) }
    } else {
      changes.tag = input.required(level: fields.tag, "tag", maxLength: AssetTag.maxLength) {
        AssetTag($0)
      }
    }
    changes.site = input.required(id: fields.site, "site")
    changes.type = type(fields, &input)
    changes.typeOther = input.line(fields.assetTypeOther, "asset_type_other", maxLength: 200)
    changes.manufacturer = input.line(fields.manufacturer, "manufacturer", maxLength: 200)
    changes.model = input.line(fields.model, "model", maxLength: 200)
    changes.serialNumber = input.line(fields.serialNumber, "serial_number", maxLength: 200)
    changes.location = input.text(
      fields.locationDescription, "location_description", maxLength: 500)
    changes.installedOn = input.date(fields.installationDate, "installation_date")
    changes.lastMaintenance = input.time(fields.lastMaintenance, "last_maintenance")
    changes.status = isNew && fields.status.isEmpty ? nil : input.word(fields.status, "status")
    changes.specifications = input.object(
      fields.specifications, "specifications", Self.specifications
    ).map { JSONObjectText($0) }
    try await desk.check(&input, context, "site", changes.site) {
      id, tenant throws(CatalogueError) in _ = try await desk.sites.site(id, of: tenant)
    }
    return changes
  }

  /// Under either of its names.
  private func type(_ fields: some AssetFields, _ input: inout CatalogueInput) -> AssetType? {
    let usesAlias =
      fields.assetType.isEmpty && input.changes("type", isSet: !fields.type.isEmpty)
    let type: AssetType? =
      usesAlias
      ? input.required(word: fields.type, "type")
      : input.required(word: fields.assetType, "asset_type")
    if !fields.assetType.isEmpty, !fields.type.isEmpty,
      fields.type.lowercased() != fields.assetType.lowercased()
    {
      input.add("type", "Is another name for asset_type, which says something else.")
    }
    return type
  }
}

/// The fields of a new asset and of a change alike.
private protocol AssetFields {
  var tag: String { get }
  var name: String { get }
  var site: UInt32 { get }
  var assetType: String { get }
  var type: String { get }
  var assetTypeOther: String { get }
  var manufacturer: String { get }
  var model: String { get }
  var serialNumber: String { get }
  var locationDescription: String { get }
  var installationDate: ProtoStringValue? { get }
  var lastMaintenance: ProtoTimestamp? { get }
  var status: String { get }
  var specifications: ProtoStruct? { get }
}

extension TraksenseV1.CreateAssetRequest: AssetFields {}
extension TraksenseV1.UpdateAssetRequest: AssetFields {}
