// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import RPCRuntime
import TrakSenseAPI

/// What operations are called, and which of them go on with what another one made.
struct OpenAPILinks {
  /// By method and path.
  private var names: [String: String] = [:]
  private var routes: [BridgeRoutes.Route] = []

  /// - Parameter routes: everything that is answered. An RPC's first route is the preferred one.
  init(_ routes: [BridgeRoutes.Route]) {
    var counts: [String: Int] = [:]
    for route in routes {
      guard case .call(let call) = route.target else { continue }
      let method = call.types.method.method
      let number = counts[method, default: 0] + 1
      counts[method] = number
      names[Self.key(route)] = number == 1 ? method : "\(method)\(number)"
      self.routes.append(route)
    }
  }

  /// The `operationId` of an RPC's route: `ListSites`, then `ListSites2`.
  func name(of route: BridgeRoutes.Route) -> String { names[Self.key(route)] ?? route.path }

  /// As the document writes it: OpenAPI has no parameter for several parts of a path.
  static func path(of route: BridgeRoutes.Route) -> String {
    "\(route.path.replacing("=**}", with: "}"))/"
  }

  /// The `links` of the answer of a route that makes things: to everything below their path.
  /// - Parameter response: name of the answer's message.
  func links(
    from route: BridgeRoutes.Route, answering response: String, _ schemas: OpenAPISchemas
  ) -> DocumentValue? {
    guard route.method == .post, let place = Self.id(in: response, schemas) else { return nil }
    let thing = "\(route.path)/{id}"
    let links = routes.filter { $0.path == thing || $0.path.hasPrefix("\(thing)/") }.map { one in
      DocumentValue.Member(
        name: name(of: one),
        value: [
          "operationId": .text(name(of: one)),
          "parameters": ["id": .text("$response.body#/\(place)")],
        ])
    }
    return links.isEmpty ? nil : .object(links)
  }

  /// Where a message says which thing it is about.
  private static func id(in message: String, _ schemas: OpenAPISchemas) -> String? {
    let fields = schemas.fields(of: message)
    if fields.contains(where: { $0.name == "id" }) { return "id" }
    for field in fields {
      guard case .message(let name) = field.type, field.form == .nullable,
        schemas.fields(of: name).contains(where: { $0.name == "id" })
      else { continue }
      return "\(field.name)/id"
    }
    return nil
  }

  private static func key(_ route: BridgeRoutes.Route) -> String {
    "\(route.method.rawValue) \(route.path)"
  }
}
