// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import TrakSenseAPI

/// `traksense.v1.TeamService`: who belongs to the call's tenant. One file per family of RPCs. The rules on
/// roles and owners are the store's, which checks them in the transaction that changes something.
package struct TeamService: TraksenseV1.TeamServiceProtocol {
  let desk: AccountDesk

  /// - Parameter desk: what the services of accounts share.
  package init(_ desk: AccountDesk) {
    self.desk = desk
  }

  var ports: AccountPorts { desk.ports }

  /// How far the caller's role reaches.
  func ceiling(_ context: ServerContext) throws(RPCError) -> Role {
    guard let role = try context.principal().role else {
      throw RPCError(.permissionDenied, "This takes a role.")
    }
    return role
  }
}
