// SPDX-License-Identifier: Apache-2.0

import Domain
import RESTBridge
import Services

extension RouteAccess {
  /// - Parameter permission: of the table; nil: nobody may.
  init(_ permission: Permission?) {
    self =
      switch permission {
      case nil: .nobody
      case .open, .openInTenant, .signIn: .open
      case .signedIn, .person: .person
      case .member(let least): .member(role: least.rawValue)
      case .ingest: .ingest
      }
  }
}
