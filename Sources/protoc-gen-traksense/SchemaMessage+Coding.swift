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
      try text.declareC(cType, overhead: members.flatMap(\.fields))
      text.line()
      try text.block("package init(decoding c: UnsafePointer<\(cType)>) throws(ProtobufError)") {
        text throws(PluginError) in
        text.line("self.init()")
        for member in members { try member.decode(fullName, in: &text) }
      }
      text.line()
      try text.block(
        "package func fill(_ c: UnsafeMutablePointer<\(cType)>, _ arena: inout Arena)"
      ) { text throws(PluginError) in
        for member in members { try member.fill(in: &text) }
      }
    }
    for field in members.flatMap(\.fields) {
      if case .map(let map) = field.kind {
        text.line()
        try map.declareEntry(fullName, of: field, in: &text)
      }
    }
    text.line()
    try declareJSON(swiftType, members, in: &text)
    for value in enums {
      text.line()
      text.line("extension \(swiftType).\(value.name): JSONFieldValue {}")
    }
    for message in messages where !message.isMapEntry {
      try message.declareCoding("\(fullName).\(message.name)", names, in: &text)
    }
  }
}

extension SourceText {
  /// What crosses to C has of its struct: how it starts, and what it packs to at most.
  mutating func declareC(_ cType: String, overhead fields: [FieldShape]) throws(PluginError) {
    try block("package static func initialize(_ c: UnsafeMutablePointer<\(cType)>)") {
      text throws(PluginError) in
      text.line("unsafe \(SwiftNames.cFunctionPrefix(cType))__init(c)")
    }
    line()
    let overhead = fields.reduce(0) { $0 + $1.wireOverhead }
    line("package static var wireOverhead: Int { \(overhead) }")
  }
}

extension SchemaMessage.Member {
  var fields: [FieldShape] {
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
    case .field(let field):
      text.line("self.\(field.name) = \(field.decoded(fullName))")
    case .oneof(let name, _, let cName, let cases):
      try text.block("switch unsafe c.pointee.\(cName)_case.rawValue") {
        text throws(PluginError) in
        for field in cases {
          text.line("case \(field.number):")
          if field.isMessage {
            text.line("  let value: \(field.element)? = \(field.decoded(fullName))")
            text.line("  if let value { self.\(name) = .\(field.name)(value) }")
          } else {
            text.line("  self.\(name) = .\(field.name)(\(field.decoded(fullName)))")
          }
        }
        text.line("default: break  // Not set.")
      }
    }
  }

  // MARK: - Swift to C

  fileprivate func fill(in text: inout SourceText) throws(PluginError) {
    switch self {
    case .field(let field):
      let isCounted: Bool
      switch field.kind {
      case .map, .object: isCounted = true
      case .number, .bool, .string, .bytes, .enumeration, .message: isCounted = field.isRepeated
      }
      let target =
        isCounted
        ? "(c.pointee.n_\(field.cName), c.pointee.\(field.cName))" : "c.pointee.\(field.cName)"
      text.line("unsafe \(target) = \(field.encoded("self.\(field.name)"))")
    case .oneof(let name, _, let cName, let cases):
      try text.block("switch self.\(name)") { text throws(PluginError) in
        for field in cases {
          text.line("case .\(field.name)(let value):")
          text.line("  unsafe c.pointee.\(cName)_case = .init(rawValue: \(field.number))")
          text.line("  unsafe c.pointee.\(field.cName) = \(field.encoded("value"))")
        }
        text.line("case nil: break")
      }
    }
  }
}

extension FieldShape {
  /// The Swift value of the C member.
  /// - Parameter fullName: the message, for errors.
  func decoded(_ fullName: String) -> String {
    let source = "c.pointee.\(cName)"
    let label = "\"\(fullName).\(protoName)\""
    if case .map(let map) = kind {
      return "try unsafe CField.map(c.pointee.n_\(cName), \(source), \(map.entryType).self)"
    }
    guard !isRepeated else {
      let counted = "c.pointee.n_\(cName), \(source)"
      return switch kind {
      case .number: "unsafe CField.numbers(\(counted))"
      case .bool: "unsafe CField.bools(\(counted))"
      case .string: "try unsafe CField.strings(\(counted), \(label))"
      case .bytes: "unsafe CField.byteStrings(\(counted))"
      case .enumeration: "unsafe CField.enumerations(\(counted))"
      case .message, .map: "try unsafe CField.messages(\(counted))"
      case .object: "try unsafe CField.objects(\(counted))"
      }
    }
    return switch kind {
    case .number: "unsafe \(source)"
    case .bool: "unsafe \(source) != 0"
    case .string: "try unsafe CField.string(\(source), \(label))"
    case .bytes: "unsafe CField.bytes(\(source))"
    case .enumeration:
      "unsafe \(element)(rawValue: Int32(truncatingIfNeeded: \(source).rawValue))"
    case .message, .map: "try unsafe CField.message(\(source))"
    case .object: "try unsafe CField.object(c.pointee.n_\(cName), \(source))"
    }
  }

  /// The C member of a Swift value.
  func encoded(_ value: String) -> String {
    if case .map(let map) = kind { return "arena.map(\(value), \(map.entryType).self)" }
    guard !isRepeated else {
      let function =
        switch kind {
        case .number: "numbers"
        case .bool: "bools"
        case .string: "strings"
        case .bytes: "byteStrings"
        case .enumeration: "enumerations"
        case .message, .map: "messages"
        case .object: "objects"
        }
      return "arena.\(function)(\(value))"
    }
    return switch kind {
    case .number: value
    case .bool: "\(value) ? 1 : 0"
    case .string: "arena.string(\(value))"
    case .bytes: "arena.bytes(\(value))"
    case .enumeration(let cType):
      "\(cType)(rawValue: .init(truncatingIfNeeded: \(value).rawValue))"
    case .message, .map: "arena.message(\(value))"
    case .object: "arena.object(\(value))"
    }
  }
}
