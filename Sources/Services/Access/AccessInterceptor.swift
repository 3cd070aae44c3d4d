// SPDX-License-Identifier: Apache-2.0

package import RPCRuntime

/// Compares every call with the ``PermissionTable``: the only place where it is decided who may call what.
/// Leaves ``CallTenant`` and ``CallPrincipal`` for what runs later.
package struct AccessInterceptor: CallBracket {
  private let gate: CallGate
  private let permission: Permission?

  /// - Parameter gate: decides.
  package init(_ gate: CallGate) {
    self.init(gate, nil)
  }

  private init(_ gate: CallGate, _ permission: Permission?) {
    self.gate = gate
    self.permission = permission
  }

  /// Looks the RPC up once; nothing for the open ones.
  package func prepared(for method: MethodDescriptor) -> (any ServerInterceptor)? {
    let permission = PermissionTable.permission(for: method)
    return permission == .open ? nil : AccessInterceptor(gate, permission)
  }

  package func begin(_ context: ServerContext) async throws(RPCError) {
    guard let permission else {
      throw RPCError(.permissionDenied, "Nobody may call \(context.method.path).")
    }
    if context.method.kind == .unary {
      _ = try await gate.admit(context, permission)
    } else {
      try await gate.admitStream(context, permission)
    }
  }

  package func end(_ context: ServerContext, _ error: RPCError?) -> RPCError? {
    if context.method.kind != .unary { gate.streams.leave(context) }
    return error
  }
}
