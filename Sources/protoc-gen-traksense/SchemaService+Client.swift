// SPDX-License-Identifier: Apache-2.0

extension SchemaService {
  /// Declares the typed client.
  func declareClient(_ names: SwiftNames, in text: inout SourceText) throws(PluginError) {
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
        text.line()
        try declareCall(method, names, in: &text)
      }
    }
  }

  private func declareCall(
    _ method: Method, _ names: SwiftNames, in text: inout SourceText
  ) throws(PluginError) {
    let input = try names.swiftType(method.input)
    let output = try names.swiftType(method.output)
    let descriptor = "\(name)Methods.\(method.swiftName)"
    text.doc(method.comment, or: "`\(method.name)`")
    switch method.shape {
    case .unary, .serverStreaming:
      let result = method.shape == .unary ? output : "MessageStream<\(output)>"
      text.line("public func \(method.swiftName)(")
      text.line("  _ request: \(input), options: CallOptions = CallOptions()")
      text.line(") async throws(RPCError) -> \(result) {")
      text.line("  try await channel.\(method.shape.rawValue)(")
      text.line("    \(descriptor), request, options: options)")
    case .clientStreaming:
      text.line("///")
      text.line("/// - Parameters:")
      text.line("///   - options: what the caller says about the call.")
      text.line("///   - send: writes the requests; when it returns, there are no more.")
      text.line("public func \(method.swiftName)(")
      text.line("  options: CallOptions = CallOptions(),")
      text.line("  _ send: (RequestMessageWriter<\(input)>) async throws(RPCError) -> Void")
      text.line(") async throws(RPCError) -> \(output) {")
      text.line("  try await channel.clientStreaming(\(descriptor), options: options, send)")
    case .bidirectional:
      text.line("public func \(method.swiftName)(")
      text.line("  options: CallOptions = CallOptions()")
      text.line(") async throws(RPCError) -> BidirectionalCall<")
      text.line("  \(input), \(output)")
      text.line("> {")
      text.line("  try await channel.bidirectional(\(descriptor), options: options)")
    }
    text.line("}")
  }
}
