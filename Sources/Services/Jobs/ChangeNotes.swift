// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime

/// Tells the ``JobRunner`` about every call that may have changed something of a tenant: those that take more
/// than reading. The tenant is the one that ``AccessInterceptor`` found, so put this behind it.
package struct ChangeNotes: CallBracket {
  private let runner: JobRunner

  package init(for runner: JobRunner) {
    self.runner = runner
  }

  /// Nothing for RPCs that only read, or are about something else than a tenant's data.
  package func prepared(for method: MethodDescriptor) -> (any ServerInterceptor)? {
    guard case .member(let least) = PermissionTable.permission(for: method), least > .viewer else {
      return nil
    }
    return self
  }

  package func end(_ context: ServerContext, _ error: RPCError?) -> RPCError? {
    if let tenant = context[CallTenant.self] { runner.noteChange(of: tenant.id) }
    return error
  }
}
