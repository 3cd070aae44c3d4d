// SPDX-License-Identifier: Apache-2.0

extension SchemaService {
  /// Declares what a server implements.
  func declareProtocol(_ names: SwiftNames, in text: inout SourceText) throws(PluginError) {
    text.doc(comment, or: "What a server of `\(name)` implements.")
    try text.block("public protocol \(name)Protocol: RPCService") { text throws(PluginError) in
      for (index, method) in methods.enumerated() {
        let input = try names.swiftType(method.input)
        let output = try names.swiftType(method.output)
        if index > 0 { text.line() }
        text.doc(method.comment, or: "`\(method.name)`")
        text.line("func \(method.swiftName)(")
        switch method.shape {
        case .unary:
          text.line("  _ request: \(input), context: ServerContext")
          text.line(") async throws(RPCError) -> \(output)")
        case .serverStreaming:
          text.line("  _ request: \(input), responses: MessageWriter<\(output)>,")
          text.line("  context: ServerContext")
          text.line(") async throws(RPCError)")
        case .clientStreaming:
          text.line("  _ requests: RequestMessages<\(input)>, context: ServerContext")
          text.line(") async throws(RPCError) -> \(output)")
        case .bidirectional:
          text.line("  _ requests: RequestMessages<\(input)>,")
          text.line("  responses: MessageWriter<\(output)>, context: ServerContext")
          text.line(") async throws(RPCError)")
        }
      }
    }
  }

  /// Declares how the router reaches it.
  func declareHandlers(_ namespace: String, in text: inout SourceText) throws(PluginError) {
    try text.block("extension \(namespace).\(name)Protocol") { text throws(PluginError) in
      text.line("/// One handler per RPC; a request that cannot be decoded is INVALID_ARGUMENT.")
      text.line("public var handlers: [RPCHandler] {")
      text.line("  [")
      for method in methods {
        let descriptor = "\(namespace).\(name)Methods.\(method.swiftName)"
        text.line("    RPCHandler(\(method.shape.rawValue): \(descriptor)) {")
        switch method.shape {
        case .unary:
          text.line("      bytes, context async throws(RPCError) in")
          text.line("      try await \(method.swiftName)(")
          text.line("        .init(request: bytes), context: context")
          text.line("      ).frame()")
        case .serverStreaming:
          text.line("      bytes, writer, context async throws(RPCError) in")
          text.line("      try await \(method.swiftName)(")
          text.line("        .init(request: bytes), responses: MessageWriter(writer),")
          text.line("        context: context)")
        case .clientStreaming:
          text.line("      requests, context async throws(RPCError) in")
          text.line("      try await \(method.swiftName)(")
          text.line("        RequestMessages(requests), context: context")
          text.line("      ).frame()")
        case .bidirectional:
          text.line("      requests, writer, context async throws(RPCError) in")
          text.line("      try await \(method.swiftName)(")
          text.line("        RequestMessages(requests), responses: MessageWriter(writer),")
          text.line("        context: context)")
        }
        text.line("    },")
      }
      text.line("  ]")
      text.line("}")
    }
  }
}
