// SPDX-License-Identifier: Apache-2.0

import Domain
import TrakSenseAPI

// The things of the catalogue as the API shows them.

extension TraksenseV1.Site {
  init(_ site: SiteRecord) {
    self.init(
      id: UInt32(clamping: site.id), name: site.name, fullName: site.fullName,
      company: site.company, sector: site.sector, subsector: site.subsector,
      address: site.address, latitude: ProtoStringValue(site.latitude?.description),
      longitude: ProtoStringValue(site.longitude?.description), timezone: site.timezone,
      assetCount: UInt32(clamping: site.assets), isActive: site.isActive,
      createdAt: ProtoTimestamp(site.createdAt), updatedAt: ProtoTimestamp(site.updatedAt))
  }
}

extension TraksenseV1.Asset {
  init(_ asset: AssetRecord) {
    self.init(
      id: UInt32(clamping: asset.id), tag: asset.tag, name: asset.name,
      site: UInt32(clamping: asset.site), siteName: asset.siteName,
      fullLocation: asset.fullLocation, assetType: asset.type, assetTypeOther: asset.typeOther,
      manufacturer: asset.manufacturer, model: asset.model, serialNumber: asset.serialNumber,
      locationDescription: asset.location,
      installationDate: ProtoStringValue(asset.installedOn?.description),
      lastMaintenance: asset.lastMaintenance.map { ProtoTimestamp($0) }, status: asset.status,
      healthScore: UInt32(clamping: asset.healthScore),
      specifications: asset.specifications.object,
      deviceCount: UInt32(clamping: asset.devices),
      onlineDeviceCount: UInt32(clamping: asset.onlineDevices),
      sensorCount: UInt32(clamping: asset.sensors),
      onlineSensorCount: UInt32(clamping: asset.onlineSensors), isActive: asset.isActive,
      createdAt: ProtoTimestamp(asset.createdAt), updatedAt: ProtoTimestamp(asset.updatedAt))
  }
}

extension TraksenseV1.AssetListItem {
  init(_ asset: AssetRecord) {
    self.init(
      id: UInt32(clamping: asset.id), tag: asset.tag, name: asset.name,
      site: UInt32(clamping: asset.site), siteName: asset.siteName, assetType: asset.type,
      assetTypeOther: asset.typeOther, locationDescription: asset.location, status: asset.status,
      healthScore: UInt32(clamping: asset.healthScore),
      specifications: asset.specifications.object,
      deviceCount: UInt32(clamping: asset.devices),
      onlineDeviceCount: UInt32(clamping: asset.onlineDevices), isActive: asset.isActive,
      createdAt: ProtoTimestamp(asset.createdAt), updatedAt: ProtoTimestamp(asset.updatedAt))
  }
}

extension TraksenseV1.CompleteAsset {
  /// - Parameter sensors: the asset's.
  init(_ asset: AssetRecord, _ sensors: [SensorRecord]) {
    self.init(
      id: UInt32(clamping: asset.id), tag: asset.tag, name: asset.name,
      site: UInt32(clamping: asset.site), siteName: asset.siteName,
      fullLocation: asset.fullLocation, assetType: asset.type,
      manufacturer: asset.manufacturer, model: asset.model, serialNumber: asset.serialNumber,
      status: asset.status, healthScore: UInt32(clamping: asset.healthScore),
      deviceCount: UInt32(clamping: asset.devices),
      onlineDeviceCount: UInt32(clamping: asset.onlineDevices),
      sensorCount: UInt32(clamping: asset.sensors),
      onlineSensorCount: UInt32(clamping: asset.onlineSensors), isActive: asset.isActive,
      createdAt: ProtoTimestamp(asset.createdAt), updatedAt: ProtoTimestamp(asset.updatedAt))
    for sensor in sensors {
      guard let value = sensor.lastValue, let timestamp = sensor.lastReadingAt else { continue }
      latestReadings[UInt32(clamping: sensor.id)] = TraksenseV1.LastReading(
        deviceID: sensor.clientID, tag: sensor.tag, metricType: sensor.metric, unit: sensor.unit,
        value: value, timestamp: ProtoTimestamp(timestamp), isOnline: sensor.isOnline,
        status: sensor.connectivity.rawValue)
    }
  }
}

extension TraksenseV1.Device {
  init(_ device: DeviceRecord) {
    self.init(
      id: UInt32(clamping: device.id), name: device.name, displayName: device.displayName,
      serialNumber: device.serialNumber, mqttClientID: device.clientID,
      asset: UInt32(clamping: device.asset), assetTag: device.assetTag,
      assetName: device.assetName, site: UInt32(clamping: device.site),
      siteName: device.siteName, deviceType: device.type, status: device.status,
      firmwareVersion: device.firmwareVersion,
      lastSeen: device.lastSeen.map { ProtoTimestamp($0) }, isOnline: device.isOnline,
      offlineAfterSeconds: UInt32(clamping: device.offlineAfter),
      sensorCount: UInt32(clamping: device.sensors),
      onlineSensorCount: UInt32(clamping: device.onlineSensors), isActive: device.isActive,
      createdAt: ProtoTimestamp(device.createdAt), updatedAt: ProtoTimestamp(device.updatedAt),
      connectivity: device.connectivity.rawValue,
      availability: ProtoDoubleValue(device.availability))
  }
}

extension TraksenseV1.DeviceSummary {
  /// - Parameter sensors: the device's, in order.
  init(_ device: DeviceRecord, _ sensors: [SensorRecord]) {
    let online = sensors.count { $0.isOnline }
    let status: String =
      sensors.isEmpty
      ? device.status : (online > 0 ? DeviceStatus.online : .offline).rawValue
    self.init(
      id: UInt32(clamping: device.id), name: device.name, displayName: device.displayName,
      serialNumber: device.serialNumber, mqttClientID: device.clientID, deviceType: device.type,
      status: device.status, firmwareVersion: device.firmwareVersion,
      lastSeen: device.lastSeen.map { ProtoTimestamp($0) },
      assetInfo: TraksenseV1.AssetInfo(
        id: UInt32(clamping: device.asset), tag: device.assetTag, name: device.assetName,
        siteName: device.siteName),
      variables: sensors.map { TraksenseV1.DeviceVariable($0) },
      totalVariablesCount: UInt32(clamping: sensors.count),
      onlineVariablesCount: UInt32(clamping: online), deviceStatus: status,
      createdAt: ProtoTimestamp(device.createdAt), updatedAt: ProtoTimestamp(device.updatedAt),
      connectivity: device.connectivity.rawValue)
  }
}

extension TraksenseV1.DeviceVariable {
  init(_ sensor: SensorRecord) {
    self.init(
      id: UInt32(clamping: sensor.id), tag: sensor.tag, name: sensor.variableName,
      metricType: sensor.metric, unit: sensor.unit,
      lastValue: ProtoDoubleValue(sensor.lastValue),
      lastReadingAt: sensor.lastReadingAt.map { ProtoTimestamp($0) }, isOnline: sensor.isOnline,
      status: sensor.connectivity.rawValue)
  }
}

extension TraksenseV1.Sensor {
  init(_ sensor: SensorRecord) {
    var thresholds = sensor.thresholds.object
    thresholds?[SensorThresholds.minimum] = sensor.minimum.map { .number($0) }
    thresholds?[SensorThresholds.maximum] = sensor.maximum.map { .number($0) }
    self.init(
      id: UInt32(clamping: sensor.id), tag: sensor.tag, device: UInt32(clamping: sensor.device),
      deviceName: sensor.deviceName,
      deviceDisplayName: DeviceRecord.displayName(sensor.deviceSerial, sensor.deviceName),
      deviceSerial: sensor.deviceSerial, deviceMqttClientID: sensor.clientID,
      asset: UInt32(clamping: sensor.asset), assetTag: sensor.assetTag,
      assetName: sensor.assetName, siteName: sensor.siteName, metricType: sensor.metric,
      unit: sensor.unit, minValue: ProtoDoubleValue(sensor.minimum),
      maxValue: ProtoDoubleValue(sensor.maximum), thresholds: thresholds,
      lastValue: ProtoDoubleValue(sensor.lastValue),
      lastReadingAt: sensor.lastReadingAt.map { ProtoTimestamp($0) },
      isOnline: sensor.isOnline, isActive: sensor.isActive,
      createdAt: ProtoTimestamp(sensor.createdAt), updatedAt: ProtoTimestamp(sensor.updatedAt),
      status: sensor.connectivity.rawValue, availability: ProtoDoubleValue(sensor.availability))
  }
}

extension TraksenseV1.SensorListItem {
  init(_ sensor: SensorRecord) {
    self.init(
      id: UInt32(clamping: sensor.id), tag: sensor.tag, device: UInt32(clamping: sensor.device),
      deviceName: sensor.deviceName,
      deviceDisplayName: DeviceRecord.displayName(sensor.deviceSerial, sensor.deviceName),
      deviceSerial: sensor.deviceSerial, deviceMqttClientID: sensor.clientID,
      asset: UInt32(clamping: sensor.asset), assetTag: sensor.assetTag, metricType: sensor.metric,
      unit: sensor.unit, minValue: ProtoDoubleValue(sensor.minimum),
      maxValue: ProtoDoubleValue(sensor.maximum), lastValue: ProtoDoubleValue(sensor.lastValue),
      lastReadingAt: sensor.lastReadingAt.map { ProtoTimestamp($0) },
      isOnline: sensor.isOnline, isActive: sensor.isActive,
      createdAt: ProtoTimestamp(sensor.createdAt), status: sensor.connectivity.rawValue)
  }
}
