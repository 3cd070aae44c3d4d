// SPDX-License-Identifier: Apache-2.0

/// How things of the .proto are called in Swift and in protobuf-c's output.
struct SwiftNames {
  private var swiftTypes: [String: String] = [:]
  private var cTypes: [String: String] = [:]
  private var messages: [String: SchemaMessage] = [:]

  /// - Parameter files: all files whose types may be referred to.
  init(_ files: [SchemaFile]) {
    for file in files {
      let namespace = Self.namespace(package: file.package)
      let cPrefix = file.package.split(separator: ".").map { Self.capitalized($0) }
      for message in file.messages {
        add(message, ".\(file.package)", namespace, cPrefix)
      }
      for value in file.enums {
        add(value, ".\(file.package)", namespace, cPrefix)
      }
    }
    for (name, type) in Self.wellKnown { swiftTypes[name] = type }
  }

  /// Written by hand, because their JSON forms are their own.
  private static let wellKnown = [
    ".google.protobuf.Any": "ProtoAny", ".google.protobuf.Duration": "ProtoDuration",
    ".google.protobuf.Empty": "ProtoEmpty", ".google.protobuf.FieldMask": "ProtoFieldMask",
    ".google.protobuf.StringValue": "ProtoStringValue",
    ".google.protobuf.Timestamp": "ProtoTimestamp",
  ]

  private mutating func add(
    _ message: SchemaMessage, _ scope: String, _ swiftScope: String, _ cScope: [String]
  ) {
    let name = "\(scope).\(message.name)"
    let swiftName = "\(swiftScope).\(message.name)"
    let cName = cScope + [message.name]
    swiftTypes[name] = swiftName
    cTypes[name] = cName.joined(separator: "__")
    messages[name] = message
    for nested in message.messages { add(nested, name, swiftName, cName) }
    for nested in message.enums { add(nested, name, swiftName, cName) }
  }

  private mutating func add(
    _ value: SchemaEnum, _ scope: String, _ swiftScope: String, _ cScope: [String]
  ) {
    let name = "\(scope).\(value.name)"
    swiftTypes[name] = "\(swiftScope).\(value.name)"
    cTypes[name] = (cScope + [value.name]).joined(separator: "__")
  }

  /// The Swift type of a fully qualified .proto type (with leading dot).
  func swiftType(_ name: String) throws(PluginError) -> String {
    guard let type = swiftTypes[name] else { throw PluginError("unknown type \(name)") }
    if name.hasPrefix(".google.protobuf."), Self.wellKnown[name] == nil {
      throw PluginError("\(name.dropFirst()) is not supported")
    }
    return type
  }

  /// The message made up for the pairs of a map, when `name` is one.
  func mapEntry(_ name: String) -> SchemaMessage? {
    messages[name].flatMap { $0.isMapEntry ? $0 : nil }
  }

  /// The message of a fully qualified name (with leading dot).
  func message(_ name: String) -> SchemaMessage? { messages[name] }

  /// protobuf-c's type of a fully qualified .proto type: `Traksense__V1__Reading`.
  func cType(_ name: String) throws(PluginError) -> String {
    guard let type = cTypes[name] else { throw PluginError("unknown type \(name)") }
    return type
  }

  /// `TraksenseV1` for `traksense.v1`.
  static func namespace(package: String) -> String {
    package.split(separator: ".").map { capitalized($0) }.joined()
  }

  /// protobuf-c's prefix of functions: `traksense__v1__ingest_result` for `Traksense__V1__IngestResult`.
  /// A run of capitals counts as one word, as there: `httprule` for `HTTPRule`.
  static func cFunctionPrefix(_ cType: String) -> String {
    var result = ""
    var previous: Character = "_"
    for character in cType {
      if character.isUppercase, !previous.isUppercase, previous != "_" { result += "_" }
      result += character.lowercased()
      previous = character
    }
    return result
  }

  /// `deviceID` for `device_id`.
  static func property(_ name: String) -> String { escaped(camel(name)) }

  /// `stored` for `STORED`; the enum's own name in front is dropped: `unspecified` for
  /// `OUTCOME_UNSPECIFIED` in `Outcome`.
  static func enumCase(_ name: String, of enumName: String) -> String {
    let prefix = cFunctionPrefix(enumName) + "_"
    let lower = name.lowercased()
    return escaped(camel(lower.hasPrefix(prefix) ? String(lower.dropFirst(prefix.count)) : lower))
  }

  /// `latest` for `Latest`.
  static func method(_ name: String) -> String {
    escaped((name.first.map { $0.lowercased() } ?? "") + name.dropFirst())
  }

  /// `Event` for the oneof `event`.
  static func oneofType(_ name: String) -> String {
    name.split(separator: "_").map { capitalized($0) }.joined()
  }

  /// The C member: protobuf-c lower-cases and marks C++ keywords with a final underscore.
  static func cMember(_ name: String) -> String {
    let lower = name.lowercased()
    return cKeywords.contains(lower) ? lower + "_" : lower
  }

  static func capitalized(_ word: some StringProtocol) -> String {
    (word.first.map { $0.uppercased() } ?? "") + word.dropFirst()
  }

  private static func camel(_ name: String) -> String {
    let words = name.split(separator: "_")
    return (words.first.map(String.init) ?? "")
      + words.dropFirst().map { initialisms[String($0)] ?? capitalized($0) }.joined()
  }

  private static func escaped(_ name: String) -> String {
    swiftKeywords.contains(name) ? "`\(name)`" : name
  }

  /// Written in capitals unless they start a name.
  private static let initialisms = ["id": "ID", "ids": "IDs", "us": "US", "url": "URL", "ip": "IP"]

  private static let swiftKeywords: Set<String> = [
    "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer",
    "deinit", "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for",
    "func", "guard", "if", "import", "in", "init", "inout", "internal", "is", "let", "nil",
    "operator", "private", "protocol", "public", "repeat", "rethrows", "return", "self", "static",
    "struct", "subscript", "super", "switch", "throw", "throws", "true", "try", "typealias", "var",
    "where", "while",
  ]

  private static let cKeywords: Set<String> = [
    "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char",
    "class", "compl", "const", "const_cast", "continue", "default", "delete", "do", "double",
    "dynamic_cast", "else", "enum", "explicit", "extern", "false", "float", "for", "friend", "goto",
    "if", "inline", "int", "long", "mutable", "namespace", "new", "not", "not_eq", "operator", "or",
    "or_eq", "private", "protected", "public", "register", "reinterpret_cast", "return", "short",
    "signed", "sizeof", "static", "static_cast", "struct", "switch", "template", "this", "throw",
    "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using", "virtual", "void",
    "volatile", "wchar_t", "while", "xor", "xor_eq",
  ]
}
