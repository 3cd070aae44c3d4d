// SPDX-License-Identifier: Apache-2.0

extension SchemaMessage {
  /// A property of the struct: a field, or a oneof that holds several.
  enum Member {
    case field(FieldShape)
    case oneof(name: String, type: String, cName: String, cases: [FieldShape])
  }

  /// The properties in the order of the .proto; a oneof stands where its first field does.
  func members(_ names: SwiftNames) throws(PluginError) -> [Member] {
    var members: [Member] = []
    var emitted: Set<Int> = []
    for field in fields {
      guard let index = field.oneof else {
        members.append(.field(try FieldShape(field, of: name, names)))
        continue
      }
      guard emitted.insert(index).inserted else { continue }
      var cases: [FieldShape] = []
      for other in fields where other.oneof == index {
        cases.append(try FieldShape(other, of: name, names))
      }
      members.append(
        .oneof(
          name: SwiftNames.property(oneofs[index]), type: SwiftNames.oneofType(oneofs[index]),
          cName: oneofs[index].lowercased(), cases: cases))
    }
    return members
  }

  /// Declares the Swift struct.
  /// - Parameter fullName: with the package, without leading dot.
  func declare(
    _ fullName: String, _ names: SwiftNames, in text: inout SourceText
  ) throws(PluginError) {
    let members = try members(names)
    text.doc(comment, or: "The .proto's `\(name)`.")
    try text.block("public struct \(name): ProtobufMessage") { text throws(PluginError) in
      for value in enums {
        try value.declare(in: &text)
        text.line()
      }
      for message in messages where !message.isMapEntry {
        try message.declare("\(fullName).\(message.name)", names, in: &text)
        text.line()
      }
      text.line("/// `\(fullName)`")
      text.line("public static var fullName: String { \"\(fullName)\" }")
      text.line()
      for member in members { try member.declare(in: &text) }
      text.line("/// Nothing set.")
      text.line("public init() {}")
      text.line()
      if !members.isEmpty {
        text.line("/// What is left out is not set.")
        text.line("public init(")
        for (index, member) in members.enumerated() {
          let comma = index + 1 < members.count ? "," : ""
          text.line("  \(member.name): \(member.type) = \(member.defaultValue)\(comma)")
        }
        try text.block(")") { text throws(PluginError) in
          for member in members { text.line("self.\(member.name) = \(member.name)") }
        }
        text.line()
      }
      text.line("/// Decodes the binary form. Fields that are not known are skipped.")
      try text.block(
        "public init(serialized buffer: ByteBuffer) throws(ProtobufError)"
      ) { text throws(PluginError) in
        text.line("self = try unsafe CCoding.decode(buffer)")
      }
      text.line()
      text.line("/// Appends the binary form.")
      try text.block("public func encode(into buffer: inout ByteBuffer)") {
        text throws(PluginError) in
        text.line("unsafe CCoding.encode(self, into: &buffer)")
      }
      text.line()
      text.line("/// The binary form behind gRPC's prefix: ready to be sent any number of times.")
      try text.block("public func frame() -> MessageFrame") { text throws(PluginError) in
        text.line("unsafe CCoding.frame(self)")
      }
      text.line()
      text.line("/// Parses the proto3 JSON form.")
      try text.block(
        "public init(json: [UInt8], parsing: JSONParsing) throws(JSONFieldError)"
      ) { text throws(PluginError) in
        text.line("self = try JSONCoding.parse(json, parsing)")
      }
      text.line()
      text.line("/// Appends the proto3 JSON form, with the .proto's own field names.")
      try text.block("public func appendJSON(to bytes: inout [UInt8])") {
        text throws(PluginError) in
        text.line("JSONCoding.append(self, to: &bytes)")
      }
    }
  }
}

extension SchemaMessage.Member {
  var name: String {
    switch self {
    case .field(let field): field.name
    case .oneof(let name, _, _, _): name
    }
  }

  var type: String {
    switch self {
    case .field(let field): field.type
    case .oneof(_, let type, _, _): "\(type)?"
    }
  }

  var defaultValue: String {
    switch self {
    case .field(let field): field.defaultValue
    case .oneof: "nil"
    }
  }

  fileprivate func declare(in text: inout SourceText) throws(PluginError) {
    switch self {
    case .field(let field):
      text.doc(field.comment, or: "`\(field.protoName)`")
      text.line("public var \(field.name): \(field.type) = \(field.defaultValue)")
    case .oneof(let name, let type, _, let cases):
      text.line("/// One of the values that `\(name)` may hold.")
      try text.block("public enum \(type): Hashable, Sendable") { text throws(PluginError) in
        for field in cases {
          text.doc(field.comment, or: "`\(field.protoName)`")
          text.line("case \(field.name)(\(field.element))")
        }
      }
      text.line()
      text.line("/// At most one of several; nil: none.")
      text.line("public var \(name): \(type)?")
    }
    text.line()
  }
}
