// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

/// `traksense.v1.TenantService`: the call's tenant itself. One file per family of RPCs.
package struct TenantService: TraksenseV1.TenantServiceProtocol {
  let desk: AccountDesk

  /// - Parameter desk: what the services of accounts share.
  package init(_ desk: AccountDesk) {
    self.desk = desk
  }

  var ports: AccountPorts { desk.ports }

  package func getTenant(
    _ request: TraksenseV1.GetTenantRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Tenant {
    try await record(context)
  }

  package func updateTenant(
    _ request: TraksenseV1.UpdateTenantRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.Tenant {
    let tenant = try context.tenant()
    if FieldSelection(request.updateMask).changes("name", isSet: !request.name.isEmpty) {
      var problems = FieldProblems()
      let name = problems.required(request.name, "name", maxLength: AuthService.maxTenantName)
      try problems.check()
      try await desk.changed(context) { () async throws(AccountError) in
        try await ports.registry.rename(tenant.slug, to: name, by: desk.actor(context))
      }
    }
    return try await record(context)
  }

  private func record(_ context: ServerContext) async throws(RPCError) -> TraksenseV1.Tenant {
    let tenant = try context.tenant()
    let record = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.registry.record(of: tenant.slug)
    }
    guard let record else { throw .unknownTenant }
    return TraksenseV1.Tenant(
      slug: record.tenant.slug.rawValue, name: record.tenant.name, domains: record.domains,
      createdAt: ProtoTimestamp(record.createdAt), activeMembers: UInt32(clamping: record.members))
  }

  package func listAuditEvents(
    _ request: TraksenseV1.ListAuditEventsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListAuditEventsResponse {
    let tenant = try context.tenant()
    let wanted = try PageRequest(page: request.page, pageSize: request.pageSize)
    let page = try await desk.stored(context) { () async throws(StoreError) in
      try await ports.registry.audit(of: tenant, wanted)
    }.checked(wanted)
    return TraksenseV1.ListAuditEventsResponse(
      count: UInt32(clamping: page.count), results: page.items.map { TraksenseV1.AuditEvent($0) })
  }
}

extension TraksenseV1.AuditEvent {
  fileprivate init(_ event: AuditEvent) {
    self.init(
      id: UInt32(clamping: event.id), at: ProtoTimestamp(event.at), action: event.action.rawValue,
      actor: event.actor, subject: event.subject, ipAddress: event.origin.address,
      userAgent: event.origin.userAgent, detail: event.detail)
  }
}
