// SPDX-License-Identifier: Apache-2.0
package import Domain

/// The sample installation: a hospital with two sites, its chillers, air handling units and a pump, and the
/// devices that measure them. Seeding again changes nothing that is there.
package struct SampleHospital: Sendable {
  package static let domain = "umc.localhost"
  private static let schema = "uberlandia_medical_center"
  private static let name = "Uberlândia Medical Center"

  private let provisioner: TenantProvisioner

  package init(provisioner: TenantProvisioner) {
    self.provisioner = provisioner
  }

  /// Makes the tenant `umc` when it does not exist, and what of its catalogue is missing.
  @discardableResult
  package func seed() async throws(AccountError) -> Tenant {
    guard let slug = TenantSlug("umc") else {
      throw .invalid(field: "tenant_slug", "is not usable")
    }
    if let tenant = try await fill(slug) { return tenant }
    do throws(AccountError) {
      _ = try await provisioner.create(
        NewTenant(slug: slug, schema: Self.schema, name: Self.name, domains: [Self.domain]))
      if let tenant = try await fill(slug) { return tenant }
    } catch {
      // Somebody else may have made it just now; if not, the error stands.
      if let tenant = try await fill(slug) { return tenant }
      throw error
    }
    throw .store(.unavailable("the sample tenant was removed while it was filled"))
  }

  /// - Returns: nil when there is no such tenant.
  private func fill(_ slug: TenantSlug) async throws(AccountError) -> Tenant? {
    do throws(StoreError) {
      return try await provisioner.migrator.pool.run { connection throws(PostgresError) in
        guard let tenant = try Self.tenant(slug, on: connection) else { return nil }
        let schema = try TenantSchema(tenant)
        try connection.query(.begin)
        for site in SampleCatalogue.sites { try Self.insert(site, in: schema, on: connection) }
        try connection.query(.commit)
        return tenant
      }
    } catch {
      throw .store(error)
    }
  }

  private static func tenant(
    _ slug: TenantSlug, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Tenant? {
    try connection.rows(
      Command(
        "SELECT id, schema_name, name FROM public.tenants_tenant WHERE slug = $1",
        [.text(slug.rawValue)])
    ) { (row: borrowing PostgresRow) throws(PostgresError) in
      Tenant(id: try row.int8(0), slug: slug, schema: try row.text(1), name: try row.text(2))
    }.first
  }

  private static func insert(
    _ site: SampleCatalogue.Site, in schema: TenantSchema,
    on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    try connection.pipeline([
      Command(
        """
        INSERT INTO \(schema.table("assets_site")) (name, address, company, sector)
        SELECT $1, $2, $3, 'Healthcare' WHERE NOT EXISTS (
          SELECT FROM \(schema.table("assets_site")) WHERE name = $1)
        """, [.text(site.name), .text(site.address), .text(name)])
    ])
    for asset in site.assets {
      var commands = [
        Command(
          """
          INSERT INTO \(schema.table("assets_asset"))
            (site_id, tag, name, asset_type, manufacturer, model)
          SELECT min(id), $2, $3, $4, $5, $6
          FROM \(schema.table("assets_site")) WHERE name = $1
          ON CONFLICT DO NOTHING
          """,
          [
            .text(site.name), .text(asset.tag), .text(asset.name), .text(asset.type),
            .text(asset.manufacturer), .text(asset.model),
          ])
      ]
      for device in asset.devices {
        commands.append(
          Command(
            """
            INSERT INTO \(schema.table("assets_device"))
              (asset_id, mqtt_client_id, name, serial_number, device_type, firmware_version)
            SELECT id, $2, $3, $4, $5, '1.4.2'
            FROM \(schema.table("assets_asset")) WHERE tag = $1
            ON CONFLICT DO NOTHING
            """,
            [
              .text(asset.tag), .text(device.id), .text(device.name), .text("SN-\(device.id)"),
              .text(device.type),
            ]))
        commands.append(
          Command(
            """
            INSERT INTO \(schema.table("assets_sensor"))
              (device_id, tag, metric_type, unit, min_value, max_value)
            SELECT device.id, new.* FROM \(schema.table("assets_device")) device,
              unnest($2, $3, $4, $5, $6) AS new
            WHERE device.mqtt_client_id = $1
            ON CONFLICT DO NOTHING
            """,
            [
              .text(device.id), .textArray(device.sensors.map(\.tag)),
              .textArray(device.sensors.map(\.type)), .textArray(device.sensors.map(\.unit)),
              .float8Array(device.sensors.map(\.minimum)),
              .float8Array(device.sensors.map(\.maximum)),
            ]))
      }
      try connection.pipeline(commands)
    }
  }
}
