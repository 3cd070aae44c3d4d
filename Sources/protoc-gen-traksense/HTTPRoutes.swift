// SPDX-License-Identifier: Apache-2.0

/// The REST routes of an RPC, checked against its messages.
struct HTTPRoutes {
  struct Binding {
    var verb: String
    var path: String
    var hasBody: Bool
    /// The response's field that is the answer; empty: the response is.
    var responseBody: String
  }

  let bindings: [Binding]
  let success: UInt32
  let request: SchemaMessage
  let response: SchemaMessage

  /// - Parameters:
  ///   - name: of the RPC, with package and service.
  ///   - names: knows the messages.
  /// - Returns: nil when the RPC has no routes.
  /// - Throws: what is wrong with the rules, naming the RPC.
  init?(
    of method: SchemaService.Method, named name: String, _ names: SwiftNames
  ) throws(PluginError) {
    guard !method.httpRules.isEmpty else {
      guard method.successStatus == nil else {
        throw PluginError("\(name): success_status without google.api.http")
      }
      return nil
    }
    guard method.shape == .unary else {
      throw PluginError("\(name): google.api.http is supported for unary RPCs only")
    }
    guard let request = names.message(method.input), let response = names.message(method.output)
    else { throw PluginError("\(name): its messages are not known") }
    success = method.successStatus ?? 200
    guard (200...299).contains(success) else {
      throw PluginError("\(name): success_status \(success) is not a success")
    }
    self.request = request
    self.response = response
    var bindings: [Binding] = []
    for rule in method.httpRules {
      bindings.append(try Self.binding(rule, request, response, name))
    }
    self.bindings = bindings
  }

  private static func binding(
    _ rule: SchemaHTTPRule, _ request: SchemaMessage, _ response: SchemaMessage, _ name: String
  ) throws(PluginError) -> Binding {
    guard let pattern = rule.patterns.first, rule.patterns.count == 1, pattern.verb != "custom"
    else {
      throw PluginError("\(name): google.api.http needs one of get, put, post, delete, patch")
    }
    let responseBody = rule.responseBody
    guard responseBody.isEmpty || response.fields.contains(where: { $0.name == responseBody })
    else {
      throw PluginError("\(name): response_body: \(response.name) has no field \(responseBody)")
    }
    guard rule.body.isEmpty || rule.body == "*" else {
      throw PluginError("\(name): body must be \"*\" or left out")
    }
    let hasBody = rule.body == "*"
    guard !hasBody || !["get", "delete"].contains(pattern.verb) else {
      throw PluginError("\(name): \(pattern.verb) cannot have a body")
    }
    for parameter in try parameters(of: pattern.path, name) {
      guard let field = request.fields.first(where: { $0.name == parameter }) else {
        throw PluginError("\(name): \(pattern.path): \(request.name) has no field \(parameter)")
      }
      guard !field.isRepeated, field.httpKind != .object else {
        throw PluginError(
          "\(name): \(pattern.path): \(parameter) cannot stand for a part of a path")
      }
    }
    return Binding(
      verb: pattern.verb, path: pattern.path, hasBody: hasBody, responseBody: responseBody)
  }

  /// The names in braces.
  private static func parameters(
    of path: String, _ name: String
  ) throws(PluginError) -> [String] {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count > 1, parts[0].isEmpty, !parts.dropFirst().contains("") else {
      throw PluginError("\(name): \(path) must start with a slash and end without one")
    }
    var parameters: [String] = []
    for part in parts.dropFirst() {
      let inner = part.dropFirst().dropLast()
      if part.hasPrefix("{"), part.hasSuffix("}"), inner.allSatisfy(isPartOfName), !inner.isEmpty {
        guard !parameters.contains(String(inner)) else {
          throw PluginError("\(name): \(path) names \(inner) twice")
        }
        parameters.append(String(inner))
      } else if !part.allSatisfy({ isPartOfName($0) || $0 == "-" }) {
        throw PluginError("\(name): \(path): '\(part)' is neither a name nor {field}")
      }
    }
    return parameters
  }

  private static func isPartOfName(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "_")
  }
}

extension HTTPRoutes {
  /// Refuses two RPCs that would share a route: the same verb and, but for the names of fields, path.
  static func refuseDuplicates(in files: [SchemaFile], _ names: SwiftNames) throws(PluginError) {
    var owners: [String: String] = [:]
    for file in files {
      for service in file.services {
        for method in service.methods {
          let name = "\(file.package).\(service.name).\(method.name)"
          guard let routes = try HTTPRoutes(of: method, named: name, names) else { continue }
          for binding in routes.bindings {
            let shape = binding.path.split(separator: "/").map { $0.hasPrefix("{") ? "{}" : $0 }
            let route = "\(binding.verb) /\(shape.joined(separator: "/"))"
            if let owner = owners.updateValue(name, forKey: route) {
              throw PluginError("\(name): \(route) is taken by \(owner)")
            }
          }
        }
      }
    }
  }

  /// Appends the `HTTPRoute`.
  /// - Parameter types: source of the RPC's `MethodTypes`.
  func declare(types: String, in text: inout SourceText) {
    text.line("  HTTPRoute(")
    text.line("    \(types),")
    text.line("    bindings: [")
    for binding in bindings {
      let response =
        binding.responseBody.isEmpty ? "" : ", responseField: \"\(binding.responseBody)\""
      text.line(
        "      HTTPBinding("
          + ".\(binding.verb), \"\(binding.path)\", hasBody: \(binding.hasBody)\(response)),")
    }
    text.line("    ],")
    text.line("    success: \(success),")
    text.line("    requestFields: [")
    for field in request.fields {
      let repeated = field.isRepeated && field.httpKind != .object ? ", isRepeated: true" : ""
      text.line(
        "      .init(\"\(field.name)\", json: \"\(field.jsonName)\","
          + " .\(field.httpKind.rawValue)\(repeated)),")
    }
    text.line("    ],")
    let fields = response.fields.map { "\"\($0.name)\"" }.joined(separator: ", ")
    text.line("    responseFields: [\(fields)]),")
  }
}

extension SchemaField {
  /// Named as the cases of `HTTPRoute.Field.Kind`.
  fileprivate enum HTTPKind: String {
    case text
    case time
    case bool
    case number
    case uint32
    case object
  }

  /// Messages whose JSON form is a string.
  private static let texts: Set<String> = [
    ".google.protobuf.Duration", ".google.protobuf.FieldMask", ".google.protobuf.StringValue",
  ]

  fileprivate var httpKind: HTTPKind {
    switch type {
    case .string, .bytes, .enumeration, .int64, .uint64, .fixed64, .sfixed64, .sint64: .text
    case .bool: .bool
    case .uint32, .fixed32: .uint32
    case .double, .float, .int32, .sint32, .sfixed32: .number
    case .message where Self.texts.contains(typeName): .text
    case .message where typeName == ".google.protobuf.Timestamp": .time
    case .message where typeName == ".google.protobuf.BoolValue": .bool
    case .message where typeName == ".google.protobuf.UInt32Value": .uint32
    case .message where typeName == ".google.protobuf.DoubleValue": .number
    case .message: .object
    case .group: .object
    }
  }
}
