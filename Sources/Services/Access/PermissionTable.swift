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
  ]

  /// - Returns: nil: nobody may.
  package static func permission(for method: MethodDescriptor) -> Permission? {
    permissions[method.path]
  }
}
