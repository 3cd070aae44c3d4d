// SPDX-License-Identifier: Apache-2.0

/// Who does something, as every change is told, for the audit.
package struct AuditActor: Hashable, Sendable {
  /// As in ``AuditEvent/actor``.
  package var name: String
  package var origin: CallOrigin
  package var at: Timestamp

  package init(name: String, origin: CallOrigin, at: Timestamp) {
    self.name = name
    self.origin = origin
    self.at = at
  }

  package init(_ principal: Principal?, origin: CallOrigin, at: Timestamp) {
    let name =
      switch principal {
      case .user(let id, _, _): "user:\(id)"
      case .apiKey(let id, _): "api_key:\(id)"
      case .service(let name, _): "service:\(name)"
      case .installation: "installation"
      case nil: ""
      }
    self.init(name: name, origin: origin, at: at)
  }
}
