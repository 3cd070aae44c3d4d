// SPDX-License-Identifier: Apache-2.0

// The catalogue of a tenant: sites, their assets, the devices on those, and what these measure. Ports:
// implemented by `Persistence`. A page of a list costs a fixed number of statements; a change is one statement
// over the columns that it names, so that two at once lose nothing of each other.

package protocol SiteStore: Sendable {
  func sites(
    _ query: SiteQuery, _ page: PageRequest, of tenant: Tenant
  ) async throws(CatalogueError) -> Page<SiteRecord>

  /// - Throws: `.notFound`.
  func site(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) -> SiteRecord

  func createSite(
    _ new: SiteChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> SiteRecord

  /// - Throws: `.notFound`.
  func changeSite(
    _ id: Int64, _ changes: SiteChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> SiteRecord

  /// Archives or restores.
  /// - Throws: `.notFound`.
  func setActive(
    _ isActive: Bool, site: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> SiteRecord

  /// - Throws: `.notFound`, `.inUse` by assets.
  func deleteSite(_ id: Int64, of tenant: Tenant) async throws(CatalogueError)

  /// - Throws: `.notFound`.
  func stats(ofSite id: Int64, of tenant: Tenant) async throws(CatalogueError) -> SiteStats
}

package protocol AssetStore: Sendable {
  /// - Throws: `.unknownReference` for `site`.
  func assets(
    _ query: AssetQuery, _ page: PageRequest, of tenant: Tenant
  ) async throws(CatalogueError) -> Page<AssetRecord>

  /// - Throws: `.notFound`.
  func asset(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) -> AssetRecord

  /// - Throws: `.unknownReference` for `site`, `.taken` and `.invalid` for `tag`.
  func createAsset(
    _ new: AssetChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> AssetRecord

  /// - Throws: `.notFound`, `.unknownReference` for `site`, `.taken` for `tag`.
  func changeAsset(
    _ id: Int64, _ changes: AssetChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> AssetRecord

  /// Archives or restores.
  /// - Throws: `.notFound`.
  func setActive(
    _ isActive: Bool, asset: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> AssetRecord

  /// Computes the health score now.
  /// - Throws: `.notFound`.
  func calculateHealth(
    ofAsset id: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> AssetRecord

  /// - Throws: `.notFound`, `.inUse` by devices and sensors.
  func deleteAsset(_ id: Int64, of tenant: Tenant) async throws(CatalogueError)
}

package protocol DeviceStore: Sendable {
  /// - Throws: `.unknownReference` for `asset` and `site`.
  func devices(
    _ query: DeviceQuery, _ page: PageRequest, of tenant: Tenant
  ) async throws(CatalogueError) -> Page<DeviceRecord>

  /// - Throws: `.notFound`.
  func device(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) -> DeviceRecord

  /// - Throws: `.unknownReference` for `asset`, `.taken` for `serial_number` and `mqtt_client_id`.
  func createDevice(
    _ new: DeviceChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> DeviceRecord

  /// - Throws: as for a new one, and `.notFound`.
  func changeDevice(
    _ id: Int64, _ changes: DeviceChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> DeviceRecord

  /// Archives or restores.
  /// - Throws: `.notFound`.
  func setActive(
    _ isActive: Bool, device: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> DeviceRecord

  /// - Throws: `.notFound`, `.inUse` by sensors and readings.
  func deleteDevice(_ id: Int64, of tenant: Tenant) async throws(CatalogueError)

  /// Says that a device was alive at an instant, which changes nothing when it was seen later.
  /// - Throws: `.notFound`, also when it is archived.
  func markSeen(
    device: Int64, at instant: Timestamp, of tenant: Tenant
  ) async throws(CatalogueError) -> DevicePresence
}

package protocol SensorStore: Sendable {
  /// - Throws: `.unknownReference` for `device` and `asset`.
  func sensors(
    _ query: SensorQuery, _ page: PageRequest, of tenant: Tenant
  ) async throws(CatalogueError) -> Page<SensorRecord>

  /// - Throws: `.notFound`.
  func sensor(_ id: Int64, of tenant: Tenant) async throws(CatalogueError) -> SensorRecord

  /// - Throws: `.unknownReference` for `device`, `.taken` for `tag`, `.invalid` for `min_value` and
  ///   `thresholds`.
  func createSensor(
    _ new: SensorChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> SensorRecord

  /// All of them or, when one is refused, none.
  /// - Returns: in the same order.
  /// - Throws: as for one, with `sensors[3].` in front of the field.
  func createSensors(
    _ new: [SensorChanges], of tenant: Tenant
  ) async throws(CatalogueError) -> [SensorRecord]

  /// - Throws: as for a new one, and `.notFound`.
  func changeSensor(
    _ id: Int64, _ changes: SensorChanges, of tenant: Tenant
  ) async throws(CatalogueError) -> SensorRecord

  /// Archives or restores.
  /// - Throws: `.notFound`.
  func setActive(
    _ isActive: Bool, sensor: Int64, of tenant: Tenant
  ) async throws(CatalogueError) -> SensorRecord

  /// - Throws: `.notFound`, `.inUse` by readings.
  func deleteSensor(_ id: Int64, of tenant: Tenant) async throws(CatalogueError)
}
