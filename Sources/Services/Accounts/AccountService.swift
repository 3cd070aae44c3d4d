// SPDX-License-Identifier: Apache-2.0

package import Domain
import RPCRuntime
import TrakSenseAPI

/// `traksense.v1.AccountService`: what people do with their own account. One file per family of RPCs.
package struct AccountService: TraksenseV1.AccountServiceProtocol {
  let desk: AccountDesk
  let objects: any ObjectStore
  let encoder: any AvatarEncoder

  /// - Parameters:
  ///   - desk: what the services of accounts share.
  ///   - objects: keeps pictures.
  ///   - encoder: makes pictures of what is uploaded.
  package init(_ desk: AccountDesk, objects: any ObjectStore, encoder: any AvatarEncoder) {
    self.desk = desk
    self.objects = objects
    self.encoder = encoder
  }

  var ports: AccountPorts { desk.ports }
}
