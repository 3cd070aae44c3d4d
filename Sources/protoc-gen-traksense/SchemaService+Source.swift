// SPDX-License-Identifier: Apache-2.0

extension SchemaService {
  /// The service's method descriptors, the protocol that servers implement, and the client.
  /// - Parameter header: the file's first lines and imports.
  func source(
    _ file: SchemaFile, _ names: SwiftNames, header: SourceText
  ) throws(PluginError) -> String {
    let namespace = SwiftNames.namespace(package: file.package)
    let fullName = "\(file.package).\(name)"
    var text = header
    text.line()
    try text.block("extension \(namespace)") { text throws(PluginError) in
      try declareDescriptors(fullName, names, in: &text)
      text.line()
      try declareProtocol(names, in: &text)
      text.line()
      try declareClient(names, in: &text)
    }
    text.line()
    try declareHandlers(namespace, in: &text)
    return text.text
  }

  private func declareDescriptors(
    _ fullName: String, _ names: SwiftNames, in text: inout SourceText
  ) throws(PluginError) {
    text.line("/// The RPCs of `\(fullName)`.")
    try text.block("public enum \(name)Methods") { text throws(PluginError) in
      for method in methods {
        text.line("/// `/\(fullName)/\(method.name)`")
        text.line("public static let \(method.swiftName) = MethodDescriptor(")
        text.line(
          "  service: \"\(fullName)\", method: \"\(method.name)\", kind: .\(method.shape.rawValue))"
        )
      }
      text.line()
      text.line("/// Each RPC with its messages.")
      text.line("public static let all: [MethodTypes] = [")
      for method in methods {
        text.line("  MethodTypes(")
        text.line("    \(method.swiftName), request: \(try names.swiftType(method.input)).self,")
        text.line("    response: \(try names.swiftType(method.output)).self),")
      }
      text.line("]")
      try declareRoutes(fullName, names, in: &text)
    }
  }

  /// Declares how RPCs are reached over HTTP, when any is.
  private func declareRoutes(
    _ fullName: String, _ names: SwiftNames, in text: inout SourceText
  ) throws(PluginError) {
    guard methods.contains(where: \.hasRoutes) else { return }
    text.line()
    text.line("/// The RPCs that are reached over HTTP with JSON.")
    text.line("package static let routes: [HTTPRoute] = [")
    for (index, method) in methods.enumerated() {
      let routes = try HTTPRoutes(of: method, named: "\(fullName).\(method.name)", names)
      routes?.declare(types: "all[\(index)]", in: &text)
    }
    text.line("]")
  }
}

extension SchemaService.Method {
  /// Named as the cases of `MethodKind`.
  enum Shape: String {
    case unary
    case clientStreaming
    case serverStreaming
    case bidirectional
  }

  var shape: Shape {
    switch (isClientStreaming, isServerStreaming) {
    case (false, false): .unary
    case (true, false): .clientStreaming
    case (false, true): .serverStreaming
    case (true, true): .bidirectional
    }
  }

  var swiftName: String { SwiftNames.method(name) }

  /// Whether it is reached over HTTP, too.
  var hasRoutes: Bool { !httpRules.isEmpty }
}
