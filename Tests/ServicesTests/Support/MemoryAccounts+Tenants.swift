// SPDX-License-Identifier: Apache-2.0

import Domain

extension MemoryAccounts: TenantRegistry {
  func create(_ new: NewTenant, by actor: AuditActor) async throws(AccountError) -> Tenant {
    try changed { state throws(AccountError) in try state.add(new, at: actor.at) }
  }

  func tenants() async throws(StoreError) -> [TenantRecord] {
    try asked { $0.tenants.sorted { $0.tenant.slug.rawValue < $1.tenant.slug.rawValue } }
  }

  func record(of tenant: TenantSlug) async throws(StoreError) -> TenantRecord? {
    try asked { state in
      guard var record = state.tenants.first(where: { $0.tenant.slug == tenant }) else {
        return nil
      }
      record.members =
        state.memberships.filter { $0.tenant == record.tenant.id && $0.status == .active }.count
      return record
    }
  }

  func rename(_ tenant: TenantSlug, to name: String, by actor: AuditActor)
    async throws(AccountError)
  {
    try changed { state throws(AccountError) in
      let index = try state.index(of: tenant)
      let old = state.tenants[index].tenant
      state.tenants[index].tenant = Tenant(
        id: old.id, slug: old.slug, schema: old.schema, name: name, isSuspended: old.isSuspended)
      state.note(.tenantChanged, tenant: old.id, by: actor)
    }
  }

  func setSuspended(
    _ suspended: Bool, _ tenant: TenantSlug, by actor: AuditActor
  ) async throws(AccountError) {
    suspend(tenant.rawValue, suspended)
  }

  func delete(_ tenant: TenantSlug, by actor: AuditActor) async throws(AccountError) {
    try changed { state throws(AccountError) in
      let index = try state.index(of: tenant)
      state.tenants.remove(at: index)
    }
  }

  func addDomain(
    _ domain: String, to tenant: TenantSlug, isPrimary: Bool, by actor: AuditActor
  ) async throws(AccountError) {
    try changed { state throws(AccountError) in
      state.tenants[try state.index(of: tenant)].domains.append(domain)
    }
  }

  func removeDomain(
    _ domain: String, from tenant: TenantSlug, by actor: AuditActor
  ) async throws(AccountError) {
    try changed { state throws(AccountError) in
      state.tenants[try state.index(of: tenant)].domains.removeAll { $0 == domain }
    }
  }

  func addMember(
    user: Int64, to tenant: TenantSlug, role: Role, by actor: AuditActor
  ) async throws(AccountError) {
    try changed { state throws(AccountError) in
      let id = state.tenants[try state.index(of: tenant)].tenant.id
      state.join(user, id, role, at: actor.at)
    }
  }

  func audit(
    of tenant: Tenant, _ page: PageRequest
  ) async throws(StoreError) -> Page<AuditEvent> {
    try asked { state in
      let all = state.audit.filter { $0.tenant == tenant.id }.reversed()
      return Page(
        items: Array(all.dropFirst(page.offset).prefix(page.size)), count: all.count)
    }
  }
}

extension MemoryAccounts.State {
  fileprivate func index(of tenant: TenantSlug) throws(AccountError) -> Int {
    guard let index = tenants.firstIndex(where: { $0.tenant.slug == tenant }) else {
      throw .notFound
    }
    return index
  }
}

extension MemoryAccounts: Outbox {
  func claim(
    limit: Int, lease: Duration, at now: Timestamp
  ) async throws(StoreError) -> [WaitingMail] {
    try asked { state in
      var claimed: [WaitingMail] = []
      for index in state.mails.indices where claimed.count < limit {
        let mail = state.mails[index]
        guard !mail.isSent, !mail.isGivenUp, mail.dueAt <= now else { continue }
        state.mails[index].dueAt = now.advanced(by: lease)
        claimed.append(
          WaitingMail(id: Int64(index), attempts: mail.attempts, message: mail.message))
      }
      return claimed
    }
  }

  func markSent(_ id: Int64, at now: Timestamp) async throws(StoreError) {
    try asked { state in
      state.mails[Int(id)].isSent = true
      state.mails[Int(id)].message.body = ""
    }
  }

  func markFailed(
    _ id: Int64, problem: String, retryAt: Timestamp?, at now: Timestamp
  ) async throws(StoreError) {
    try asked { state in
      state.mails[Int(id)].attempts += 1
      if let retryAt {
        state.mails[Int(id)].dueAt = retryAt
      } else {
        state.mails[Int(id)].isGivenUp = true
        state.mails[Int(id)].message.body = ""
      }
    }
  }
}
