// SPDX-License-Identifier: Apache-2.0

extension SchemaService {
  /// The service's method descriptors, the protocol that servers implement, and the client.
  /// - Parameter header: the file's first lines.
  func source(
    _ file: SchemaFile, _ names: SwiftNames, header: SourceText
  ) throws(PluginError) -> String {
    let namespace = SwiftNames.namespace(package: file.package)
    let fullName = "\(file.package).\(name)"
    for method in methods where method.isClientStreaming {
      throw PluginError("\(fullName).\(method.name): streaming requests are not supported")
    }
    var text = header
    text.line("public import RPCRuntime")
    text.line()
    try text.block("extension \(namespace)") { text throws(PluginError) in
      try declareDescriptors(fullName, in: &text)
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
    _ fullName: String, in text: inout SourceText
  ) throws(PluginError) {
    text.line("/// The RPCs of `\(fullName)`.")
    try text.block("public enum \(name)Methods") { text throws(PluginError) in
      for method in methods {
        let kind = method.isServerStreaming ? "serverStreaming" : "unary"
        text.line("/// `/\(fullName)/\(method.name)`")
        text.line("public static let \(method.swiftName) = MethodDescriptor(")
        text.line("  service: \"\(fullName)\", method: \"\(method.name)\", kind: .\(kind))")
      }
    }
  }

  private func declareProtocol(
    _ names: SwiftNames, in text: inout SourceText
  ) throws(PluginError) {
    text.doc(comment, or: "What a server of `\(name)` implements.")
    try text.block("public protocol \(name)Protocol: RPCService") { text throws(PluginError) in
      for (index, method) in methods.enumerated() {
        let input = try names.swiftType(method.input)
        let output = try names.swiftType(method.output)
        if index > 0 { text.line() }
        text.doc(method.comment, or: "`\(method.name)`")
        text.line("func \(method.swiftName)(")
        if method.isServerStreaming {
          text.line("  _ request: \(input), responses: MessageWriter<\(output)>,")
          text.line("  context: ServerContext")
          text.line(") async throws(RPCError)")
        } else {
          text.line("  _ request: \(input), context: ServerContext")
          text.line(") async throws(RPCError) -> \(output)")
        }
      }
    }
  }

  private func declareHandlers(
    _ namespace: String, in text: inout SourceText
  ) throws(PluginError) {
    try text.block("extension \(namespace).\(name)Protocol") { text throws(PluginError) in
      text.line("/// One handler per RPC; a request that cannot be decoded is INVALID_ARGUMENT.")
      text.line("public var handlers: [RPCHandler] {")
      text.line("  [")
      for method in methods {
        let descriptor = "\(namespace).\(name)Methods.\(method.swiftName)"
        if method.isServerStreaming {
          text.line("    RPCHandler(serverStreaming: \(descriptor)) {")
          text.line("      bytes, writer, context async throws(RPCError) in")
          text.line("      try await \(method.swiftName)(")
          text.line("        .init(request: bytes), responses: MessageWriter(writer),")
          text.line("        context: context)")
        } else {
          text.line("    RPCHandler(unary: \(descriptor)) {")
          text.line("      bytes, context async throws(RPCError) in")
          text.line("      try await \(method.swiftName)(")
          text.line("        .init(request: bytes), context: context")
          text.line("      ).frame()")
        }
        text.line("    },")
      }
      text.line("  ]")
      text.line("}")
    }
  }

  private func declareClient(_ names: SwiftNames, in text: inout SourceText) throws(PluginError) {
    text.line("/// Calls `\(name)` on a channel.")
    try text.block("public struct \(name)Client: Sendable") { text throws(PluginError) in
      text.line("/// What calls are made on.")
      text.line("public let channel: any RPCChannel")
      text.line()
      text.line("/// - Parameter channel: what calls are made on.")
      try text.block("public init(channel: any RPCChannel)") { text throws(PluginError) in
        text.line("self.channel = channel")
      }
      for method in methods {
        let input = try names.swiftType(method.input)
        let output = try names.swiftType(method.output)
        let descriptor = "\(name)Methods.\(method.swiftName)"
        text.line()
        text.doc(method.comment, or: "`\(method.name)`")
        text.line("public func \(method.swiftName)(")
        text.line("  _ request: \(input), options: CallOptions = CallOptions()")
        if method.isServerStreaming {
          text.line(") async throws(RPCError) -> MessageStream<\(output)> {")
          text.line("  MessageStream(")
          text.line("    try await channel.serverStreaming(")
          text.line("      \(descriptor), request.frame(), options: options))")
        } else {
          text.line(") async throws(RPCError) -> \(output) {")
          text.line("  try await .init(")
          text.line("    response: channel.unary(")
          text.line("      \(descriptor), request.frame(), options: options")
          text.line("    ).message)")
        }
        text.line("}")
      }
    }
  }
}

extension SchemaService.Method {
  fileprivate var swiftName: String { SwiftNames.method(name) }
}
