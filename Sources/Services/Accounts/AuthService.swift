// SPDX-License-Identifier: Apache-2.0

import RPCRuntime
import TrakSenseAPI

/// `traksense.v1.AuthService`: signing up, in and out. One file per family of RPCs.
package struct AuthService: TraksenseV1.AuthServiceProtocol {
  let desk: AccountDesk

  /// - Parameter desk: what the services of accounts share.
  package init(_ desk: AccountDesk) {
    self.desk = desk
  }

  var ports: AccountPorts { desk.ports }
}
