// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime

/// Who may call what, for all RPCs of the server and so for all REST routes. What is not here is refused.
package enum PermissionTable {
  /// By the RPC's path.
  package static let permissions: [String: Permission] = [
    "/grpc.health.v1.Health/Check": .open,
    "/grpc.health.v1.Health/List": .open,
    "/grpc.health.v1.Health/Watch": .open,
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": .open,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": .open,

    "/traksense.v1.TelemetryService/Ingest": .ingest,
    "/traksense.v1.TelemetryService/Latest": .member(atLeast: .viewer),
    "/traksense.v1.TelemetryService/History": .member(atLeast: .viewer),
    "/traksense.v1.TelemetryService/Subscribe": .member(atLeast: .viewer),

    "/traksense.v1.TelemetryQueryService/GetTelemetrySummary": .member(atLeast: .viewer),
    "/traksense.v1.TelemetryQueryService/ListReadings": .member(atLeast: .viewer),
    "/traksense.v1.TelemetryQueryService/ListAggregates": .member(atLeast: .viewer),
    "/traksense.v1.TelemetryQueryService/QueryTelemetry": .member(atLeast: .viewer),
    "/traksense.v1.TelemetryQueryService/GetTelemetrySettings": .member(atLeast: .admin),
    "/traksense.v1.TelemetryQueryService/UpdateTelemetrySettings": .member(atLeast: .admin),

    "/traksense.v1.AuthService/Register": .open,
    "/traksense.v1.AuthService/Login": .signIn,
    // Ends sessions of whatever tenant, from wherever.
    "/traksense.v1.AuthService/Logout": .open,
    "/traksense.v1.AuthService/Refresh": .openInTenant,
    "/traksense.v1.AuthService/RequestPasswordReset": .openInTenant,
    "/traksense.v1.AuthService/ValidatePasswordReset": .openInTenant,
    "/traksense.v1.AuthService/ConfirmPasswordReset": .openInTenant,
    "/traksense.v1.AuthService/ValidateInvite": .openInTenant,
    "/traksense.v1.AuthService/AcceptInvite": .openInTenant,

    "/traksense.v1.AccountService/GetMe": .person,
    "/traksense.v1.AccountService/UpdateMe": .person,
    "/traksense.v1.AccountService/ChangePassword": .person,
    "/traksense.v1.AccountService/UploadAvatar": .person,
    "/traksense.v1.AccountService/DeleteAvatar": .person,
    "/traksense.v1.AccountService/ListSessions": .person,
    "/traksense.v1.AccountService/RevokeSession": .person,
    "/traksense.v1.AccountService/RevokeOtherSessions": .person,

    // The signature in the request is the credential.
    "/traksense.v1.MediaService/Fetch": .open,

    "/traksense.v1.TeamService/ListMembers": .member(atLeast: .admin),
    "/traksense.v1.TeamService/GetMember": .member(atLeast: .admin),
    "/traksense.v1.TeamService/UpdateMember": .member(atLeast: .admin),
    "/traksense.v1.TeamService/RemoveMember": .member(atLeast: .admin),
    "/traksense.v1.TeamService/GetTeamStats": .member(atLeast: .admin),
    "/traksense.v1.TeamService/ListInvites": .member(atLeast: .admin),
    "/traksense.v1.TeamService/CreateInvite": .member(atLeast: .admin),
    "/traksense.v1.TeamService/GetInvite": .member(atLeast: .admin),
    "/traksense.v1.TeamService/UpdateInvite": .member(atLeast: .admin),
    "/traksense.v1.TeamService/CancelInvite": .member(atLeast: .admin),
    "/traksense.v1.TeamService/ResendInvite": .member(atLeast: .admin),
    "/traksense.v1.TeamService/AcceptTeamInvite": .signedIn,

    "/traksense.v1.TenantService/GetTenant": .member(atLeast: .viewer),
    "/traksense.v1.TenantService/UpdateTenant": .member(atLeast: .admin),
    "/traksense.v1.TenantService/ListAPIKeys": .member(atLeast: .admin),
    "/traksense.v1.TenantService/CreateAPIKey": .member(atLeast: .admin),
    "/traksense.v1.TenantService/RotateAPIKey": .member(atLeast: .admin),
    "/traksense.v1.TenantService/RevokeAPIKey": .member(atLeast: .admin),
    "/traksense.v1.TenantService/ListAuditEvents": .member(atLeast: .admin),

    "/traksense.v1.SiteService/ListSites": .member(atLeast: .viewer),
    "/traksense.v1.SiteService/GetSite": .member(atLeast: .viewer),
    "/traksense.v1.SiteService/CreateSite": .member(atLeast: .operator_),
    "/traksense.v1.SiteService/UpdateSite": .member(atLeast: .operator_),
    "/traksense.v1.SiteService/ReplaceSite": .member(atLeast: .operator_),
    "/traksense.v1.SiteService/DeleteSite": .member(atLeast: .operator_),
    "/traksense.v1.SiteService/ArchiveSite": .member(atLeast: .operator_),
    "/traksense.v1.SiteService/RestoreSite": .member(atLeast: .operator_),
    "/traksense.v1.SiteService/ListSiteAssets": .member(atLeast: .viewer),
    "/traksense.v1.SiteService/ListSiteDevices": .member(atLeast: .viewer),
    "/traksense.v1.SiteService/ListSiteDeviceSummaries": .member(atLeast: .viewer),
    "/traksense.v1.SiteService/GetSiteStats": .member(atLeast: .viewer),

    "/traksense.v1.AssetService/ListAssets": .member(atLeast: .viewer),
    "/traksense.v1.AssetService/GetAsset": .member(atLeast: .viewer),
    "/traksense.v1.AssetService/CreateAsset": .member(atLeast: .operator_),
    "/traksense.v1.AssetService/UpdateAsset": .member(atLeast: .operator_),
    "/traksense.v1.AssetService/ReplaceAsset": .member(atLeast: .operator_),
    "/traksense.v1.AssetService/DeleteAsset": .member(atLeast: .operator_),
    "/traksense.v1.AssetService/ArchiveAsset": .member(atLeast: .operator_),
    "/traksense.v1.AssetService/RestoreAsset": .member(atLeast: .operator_),
    "/traksense.v1.AssetService/ListAssetDevices": .member(atLeast: .viewer),
    "/traksense.v1.AssetService/ListAssetSensors": .member(atLeast: .viewer),
    "/traksense.v1.AssetService/CalculateAssetHealth": .member(atLeast: .operator_),
    "/traksense.v1.AssetService/ListCompleteAssets": .member(atLeast: .viewer),

    "/traksense.v1.DeviceService/ListDevices": .member(atLeast: .viewer),
    "/traksense.v1.DeviceService/GetDevice": .member(atLeast: .viewer),
    "/traksense.v1.DeviceService/CreateDevice": .member(atLeast: .operator_),
    "/traksense.v1.DeviceService/UpdateDevice": .member(atLeast: .operator_),
    "/traksense.v1.DeviceService/ReplaceDevice": .member(atLeast: .operator_),
    "/traksense.v1.DeviceService/DeleteDevice": .member(atLeast: .operator_),
    "/traksense.v1.DeviceService/ArchiveDevice": .member(atLeast: .operator_),
    "/traksense.v1.DeviceService/RestoreDevice": .member(atLeast: .operator_),
    "/traksense.v1.DeviceService/ListDeviceSensors": .member(atLeast: .viewer),
    "/traksense.v1.DeviceService/GetDeviceSummary": .member(atLeast: .viewer),
    "/traksense.v1.DeviceService/GetDeviceStatusHistory": .member(atLeast: .viewer),
    "/traksense.v1.DeviceService/CreateDeviceSensors": .member(atLeast: .operator_),
    "/traksense.v1.DeviceService/Heartbeat": .member(atLeast: .operator_),

    "/traksense.v1.SensorService/ListSensors": .member(atLeast: .viewer),
    "/traksense.v1.SensorService/GetSensor": .member(atLeast: .viewer),
    "/traksense.v1.SensorService/CreateSensor": .member(atLeast: .operator_),
    "/traksense.v1.SensorService/UpdateSensor": .member(atLeast: .operator_),
    "/traksense.v1.SensorService/ReplaceSensor": .member(atLeast: .operator_),
    "/traksense.v1.SensorService/DeleteSensor": .member(atLeast: .operator_),
    "/traksense.v1.SensorService/ArchiveSensor": .member(atLeast: .operator_),
    "/traksense.v1.SensorService/RestoreSensor": .member(atLeast: .operator_),
    "/traksense.v1.SensorService/GetSensorStatusHistory": .member(atLeast: .viewer),
    "/traksense.v1.SensorService/UpdateReading": .member(atLeast: .operator_),
  ]

  /// - Returns: nil: nobody may.
  package static func permission(for method: MethodDescriptor) -> Permission? {
    permissions[method.path]
  }
}
