// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// Finds what may be done with a path, part by part. A part that is written out goes before one that stands
/// for a value.
struct RouteTree<Target: Sendable>: Sendable {
  /// What is at a path.
  struct Place: Sendable {
    fileprivate(set) var targets: [HTTPRequest.Method: (target: Target, names: [String])] = [:]
    /// The parts of the path that stand for values.
    fileprivate(set) var values: [String] = []

    /// The target of a method, with the values by the names that it has for them; nil: not allowed.
    func target(of method: HTTPRequest.Method) -> (target: Target, parameters: [String: String])? {
      targets[method].map { found in
        (found.target, Dictionary(zip(found.names, values)) { first, _ in first })
      }
    }
  }

  private struct Node: Sendable {
    var place = Place()
    var literals: [String: Node] = [:]
    /// A part that may be anything but empty; at most one.
    var parameter: [Node] = []
    /// All further parts.
    var rest = Place()
  }

  private var root = Node()

  /// - Parameters:
  ///   - path: `/sites/{id}`; `{key=**}` at its end stands for one or more parts.
  ///   - target: what one comes to.
  /// - Returns: false when the method has a target there already, which then stays.
  mutating func insert(_ method: HTTPRequest.Method, _ path: String, _ target: Target) -> Bool {
    let parts = path.split(separator: "/")
    let names = parts.filter { $0.hasPrefix("{") }.map { part in
      String(part.dropFirst().prefix { $0 != "=" && $0 != "}" })
    }
    return Self.insert(parts[...], into: &root) { place in
      guard place.targets[method] == nil else { return false }
      place.targets[method] = (target, names)
      return true
    }
  }

  /// - Parameter parts: those of the path, decoded; of a path that ends with a slash, without an empty one.
  func place(_ parts: [String]) -> Place? { Self.place(parts[...], [], in: root) }

  private static func insert(
    _ parts: ArraySlice<Substring>, into node: inout Node, _ put: (inout Place) -> Bool
  ) -> Bool {
    guard let part = parts.first else { return put(&node.place) }
    if part.hasSuffix("=**}") { return put(&node.rest) }
    guard part.hasPrefix("{") else {
      return insert(parts.dropFirst(), into: &node.literals[String(part), default: Node()], put)
    }
    if node.parameter.isEmpty { node.parameter.append(Node()) }
    return insert(parts.dropFirst(), into: &node.parameter[0], put)
  }

  private static func place(
    _ parts: ArraySlice<String>, _ values: [String], in node: Node
  ) -> Place? {
    func found(_ place: Place, _ values: [String]) -> Place? {
      guard !place.targets.isEmpty else { return nil }
      var place = place
      place.values = values
      return place
    }
    guard let part = parts.first else { return found(node.place, values) }
    let others = parts.dropFirst()
    if let next = node.literals[part], let place = place(others, values, in: next) { return place }
    if !part.isEmpty, let next = node.parameter.first,
      let place = place(others, values + [part], in: next)
    {
      return place
    }
    guard !parts.contains("") else { return nil }
    return found(node.rest, values + [parts.joined(separator: "/")])
  }
}
