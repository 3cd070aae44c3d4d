// SPDX-License-Identifier: Apache-2.0

extension SchemaMessage {
  /// Declares how the message and those nested in it cross to C and to JSON.
  func declareCoding(
    _ fullName: String, _ names: SwiftNames, in text: inout SourceText
  ) throws(PluginError) {
    let members = try members(names)
    let swiftType = try names.swiftType(".\(fullName)")
    let cType = try names.cType(".\(fullName)")
    text.line()
    try text.block("extension \(swiftType): @unsafe CMessage") { text throws(PluginError) in
      try text.block("static func initialize(_ c: UnsafeMutablePointer<\(cType)>)") {
        text throws(PluginError) in
        text.line("unsafe \(SwiftNames.cFunctionPrefix(cType))__init(c)")
      }
      text.line()
      let overhead = members.flatMap(\.fields).reduce(0) { $0 + $1.wireOverhead }
      text.line("static var wireOverhead: Int { \(overhead) }")
      text.line()
      try text.block("init(decoding c: UnsafePointer<\(cType)>) throws(ProtobufError)") {
        text throws(PluginError) in
        text.line("self.init()")
        for member in members { try member.decode(fullName, in: &text) }
      }
      text.line()
      try text.block(
        "func fill(_ c: UnsafeMutablePointer<\(cType)>, _ arena: inout Arena)"
      ) { text throws(PluginError) in
        for member in members { try member.fill(cType, in: &text) }
      }
    }
    text.line()
    try text.block("extension \(swiftType): JSONFieldValue") { text throws(PluginError) in
      try text.block("init(reading json: inout JSONFieldReader) throws(JSONFieldError)") {
        text throws(PluginError) in
        text.line("self.init()")
        text.line("try json.beginMessage()")
        try text.block("while let key = try json.nextField()") { text throws(PluginError) in
          try text.block("switch key") { text throws(PluginError) in
            for member in members { member.read(in: &text) }
            text.line("default: try json.skipUnknown(key)")
          }
        }
      }
      text.line()
      try text.block("func write(to json: inout JSONWriter)") { text throws(PluginError) in
        text.line("json.beginObject()")
        for member in members { try member.write(in: &text) }
        text.line("json.endObject()")
      }
    }
    for value in enums {
      text.line()
      text.line("extension \(swiftType).\(value.name): JSONFieldValue {}")
    }
    for message in messages {
      try message.declareCoding("\(fullName).\(message.name)", names, in: &text)
    }
  }
}

extension SchemaMessage.Member {
  fileprivate var fields: [FieldShape] {
    switch self {
    case .field(let field): [field]
    case .oneof(_, _, _, let cases): cases
    }
  }

  // MARK: - C to Swift

  fileprivate func decode(
    _ fullName: String, in text: inout SourceText
  ) throws(PluginError) {
    switch self {
    case .field(let field) where field.isRepeated:
      let source = "c.pointee.n_\(field.cName), c.pointee.\(field.cName)"
      switch field.kind {
      case .number: text.line("\(field.name) = unsafe CField.numbers(\(source))")
      case .bool: text.line("\(field.name) = unsafe CField.bools(\(source))")
      case .string:
        text.line(
          "\(field.name) = try unsafe CField.strings(\(source), \"\(fullName).\(field.protoName)\")"
        )
      case .enumeration: text.line("\(field.name) = unsafe CField.enumerations(\(source))")
      case .message: text.line("\(field.name) = try unsafe CField.messages(\(source))")
      }
    case .field(let field):
      text.line("\(field.name) = \(Self.decoded(field, fullName))")
    case .oneof(let name, _, let cName, let cases):
      try text.block("switch unsafe c.pointee.\(cName)_case.rawValue") {
        text throws(PluginError) in
        for field in cases {
          text.line("case \(field.number):")
          if field.isMessage {
            text.line(
              "  let value: \(field.element)? = \(Self.decoded(field, fullName))")
            text.line("  if let value { \(name) = .\(field.name)(value) }")
          } else {
            text.line("  \(name) = .\(field.name)(\(Self.decoded(field, fullName)))")
          }
        }
        text.line("default: break  // Not set.")
      }
    }
  }

  private static func decoded(_ field: FieldShape, _ fullName: String) -> String {
    let source = "c.pointee.\(field.cName)"
    return switch field.kind {
    case .number: "unsafe \(source)"
    case .bool: "unsafe \(source) != 0"
    case .string: "try unsafe CField.string(\(source), \"\(fullName).\(field.protoName)\")"
    case .enumeration:
      "unsafe \(field.element)(rawValue: Int32(truncatingIfNeeded: \(source).rawValue))"
    case .message: "try unsafe CField.message(\(source))"
    }
  }

  // MARK: - Swift to C

  fileprivate func fill(_ cType: String, in text: inout SourceText) throws(PluginError) {
    switch self {
    case .field(let field) where field.isRepeated:
      let function =
        switch field.kind {
        case .number: "numbers"
        case .bool: "bools"
        case .string: "strings"
        case .enumeration: "enumerations"
        case .message: "messages"
        }
      text.line(
        "unsafe (c.pointee.n_\(field.cName), c.pointee.\(field.cName)) = "
          + "arena.\(function)(\(field.name))")
    case .field(let field):
      text.line("unsafe c.pointee.\(field.cName) = \(Self.encoded(field, field.name))")
    case .oneof(let name, _, let cName, let cases):
      try text.block("switch \(name)") { text throws(PluginError) in
        for field in cases {
          text.line("case .\(field.name)(let value):")
          text.line("  unsafe c.pointee.\(cName)_case = .init(rawValue: \(field.number))")
          text.line("  unsafe c.pointee.\(field.cName) = \(Self.encoded(field, "value"))")
        }
        text.line("case nil: break")
      }
    }
  }

  private static func encoded(_ field: FieldShape, _ value: String) -> String {
    switch field.kind {
    case .number: value
    case .bool: "\(value) ? 1 : 0"
    case .string: "arena.string(\(value))"
    case .enumeration(let cType):
      "\(cType)(rawValue: .init(truncatingIfNeeded: \(value).rawValue))"
    case .message: "arena.message(\(value))"
    }
  }

  // MARK: - JSON

  fileprivate func read(in text: inout SourceText) {
    switch self {
    case .field(let field):
      let function = field.isRepeated ? "list" : (field.isMessage ? "optional" : "value")
      text.line("case \(Self.keys(field)):")
      text.line("  \(field.name) = try json.\(function)(\"\(field.protoName)\")")
    case .oneof(let name, _, _, let cases):
      for field in cases {
        text.line("case \(Self.keys(field)):")
        text.line(
          "  let value: \(field.element)? = try json.optional(\"\(field.protoName)\")")
        text.line("  if let value { \(name) = .\(field.name)(value) }")
      }
    }
  }

  private static func keys(_ field: FieldShape) -> String {
    field.protoName == field.jsonName
      ? "\"\(field.protoName)\"" : "\"\(field.protoName)\", \"\(field.jsonName)\""
  }

  fileprivate func write(in text: inout SourceText) throws(PluginError) {
    switch self {
    case .field(let field):
      text.line("json.field(\"\(field.protoName)\", \(field.name))")
    case .oneof(let name, _, _, let cases):
      try text.block("switch \(name)") { text throws(PluginError) in
        for field in cases {
          text.line(
            "case .\(field.name)(let value): json.field(\"\(field.protoName)\", value)")
        }
        text.line("case nil: break")
      }
    }
  }
}
