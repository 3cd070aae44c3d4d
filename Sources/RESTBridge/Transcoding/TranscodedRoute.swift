// SPDX-License-Identifier: Apache-2.0

import TrakSenseAPI

/// One way to call an RPC over HTTP, with what the bridge has to know about it.
struct TranscodedRoute: Sendable {
  let types: MethodTypes
  let binding: HTTPBinding
  let successStatus: Int
  let session: SessionRules
  /// The request's fields by both of their names.
  let fields: [String: HTTPRoute.Field]
  /// Names of the fields that the path gives.
  let pathFields: Set<String>
  /// The request says which fields it changes.
  let hasUpdateMask: Bool
  /// The response is a page of a list.
  let isPage: Bool
  /// The response may have tokens, which are for cookies.
  let givesTokens: Bool

  static let updateMask = "update_mask"
  static let tokens = "tokens"

  init(_ route: HTTPRoute, _ binding: HTTPBinding) {
    types = route.types
    self.binding = binding
    successStatus = route.successStatus
    session = SessionRules(of: route)
    fields = Dictionary(
      route.requestFields.flatMap { [($0.name, $0), ($0.jsonName, $0)] }
    ) { first, _ in first }
    pathFields = Set(
      binding.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
        String($0.dropFirst().dropLast())
      })
    hasUpdateMask =
      fields[Self.updateMask] != nil && (binding.verb == .patch || binding.verb == .put)
    isPage =
      fields[PageLinks.page] != nil
      && Set(route.responseFields).isSuperset(of: [PageLinks.count, PageLinks.results])
    givesTokens = route.responseFields.contains(Self.tokens)
  }

  /// Whether a request can change something.
  var changesState: Bool { binding.verb != .get }

  /// What the query may say, by the .proto's names: with a body, nothing.
  var queryFields: [String: QueryParameters.Arity] {
    guard !binding.hasBody else { return [:] }
    return fields.filter { name, field in
      name == field.name && !pathFields.contains(name) && field.kind != .object
    }.mapValues { $0.isRepeated ? .repeated : ($0.kind == .time ? .time : .once) }
  }
}
