// SPDX-License-Identifier: Apache-2.0

extension SchemaMessage {
  /// Declares the proto3 JSON form.
  func declareJSON(
    _ swiftType: String, _ members: [Member], in text: inout SourceText
  ) throws(PluginError) {
    try text.block("extension \(swiftType): JSONFieldValue") { text throws(PluginError) in
      try text.block("package init(reading json: inout JSONFieldReader) throws(JSONFieldError)") {
        text throws(PluginError) in
        text.line("self.init()")
        text.line("try json.beginMessage()")
        try text.block("while let key = try json.nextField()") { text throws(PluginError) in
          guard !members.isEmpty else {
            text.line("try json.skipUnknown(key)")
            return
          }
          try text.block("switch key") { text throws(PluginError) in
            for member in members { member.read(in: &text) }
            text.line("default: try json.skipUnknown(key)")
          }
        }
      }
      text.line()
      try text.block("package func write(to json: inout JSONWriter)") {
        text throws(PluginError) in
        text.line("json.beginObject()")
        for member in members { try member.write(in: &text) }
        text.line("json.endObject()")
      }
    }
  }
}

extension SchemaMessage.Member {
  fileprivate func read(in text: inout SourceText) {
    switch self {
    case .field(let field):
      text.line("case \(Self.keys(field)):")
      text.line("  self.\(field.name) = try json.\(Self.reader(field))(\"\(field.protoName)\")")
    case .oneof(let name, _, _, let cases):
      for field in cases {
        text.line("case \(Self.keys(field)):")
        text.line(
          "  let value: \(field.element)? = try json.optional(\"\(field.protoName)\")")
        text.line("  if let value { self.\(name) = .\(field.name)(value) }")
      }
    }
  }

  private static func reader(_ field: FieldShape) -> String {
    guard !field.isRepeated else { return "list" }
    return switch field.kind {
    case .map: "map"
    case .message, .object: "optional"
    case .number, .bool, .string, .bytes, .enumeration: "value"
    }
  }

  private static func keys(_ field: FieldShape) -> String {
    field.protoName == field.jsonName
      ? "\"\(field.protoName)\"" : "\"\(field.protoName)\", \"\(field.jsonName)\""
  }

  fileprivate func write(in text: inout SourceText) throws(PluginError) {
    switch self {
    case .field(let field):
      text.line("json.field(\"\(field.protoName)\", self.\(field.name))")
    case .oneof(let name, _, _, let cases):
      try text.block("switch self.\(name)") { text throws(PluginError) in
        for field in cases {
          text.line(
            "case .\(field.name)(let value): json.field(\"\(field.protoName)\", value)")
        }
        text.line("case nil: break")
      }
    }
  }
}
