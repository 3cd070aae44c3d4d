// SPDX-License-Identifier: Apache-2.0

/// A field as the generated code sees it.
struct FieldShape {
  /// How a value of the field crosses between C and Swift.
  indirect enum Kind {
    /// The same type on both sides.
    case number
    case bool
    case string
    case bytes
    /// With protobuf-c's type.
    case enumeration(cType: String)
    case message
    /// Repeated bytes to C, a `ProtoStruct` to Swift.
    case object
    /// Repeated messages to C, a dictionary to Swift.
    case map(MapShape)
  }

  /// Swift name, escaped where needed.
  let name: String
  let cName: String
  let number: Int32
  let protoName: String
  let jsonName: String
  let comment: String?
  /// Swift type of one value.
  let element: String
  let kind: Kind
  /// An array to Swift.
  let isRepeated: Bool

  init(_ field: SchemaField, of message: String, _ names: SwiftNames) throws(PluginError) {
    guard !field.isOptional else {
      // protobuf-c 1.4 refuses them as well.
      throw PluginError(
        "\(message).\(field.name): proto3 'optional' is not supported; use a oneof")
    }
    guard !["self", "init"].contains(field.name) else {
      throw PluginError("\(message).\(field.name): Swift cannot have a property of this name")
    }
    name = SwiftNames.property(field.name)
    cName = SwiftNames.cMember(field.name)
    number = field.number
    protoName = field.name
    jsonName = field.jsonName
    comment = field.comment
    if let entry = names.mapEntry(field.typeName) {
      let map = try MapShape(entry, typeName: field.typeName, names)
      (element, kind) = ("[\(map.key.element): \(map.value.element)]", .map(map))
      isRepeated = false
      return
    }
    isRepeated = field.isRepeated
    switch field.type {
    case .double: (element, kind) = ("Double", .number)
    case .float: (element, kind) = ("Float", .number)
    case .int64, .sint64, .sfixed64: (element, kind) = ("Int64", .number)
    case .uint64, .fixed64: (element, kind) = ("UInt64", .number)
    case .int32, .sint32, .sfixed32: (element, kind) = ("Int32", .number)
    case .uint32, .fixed32: (element, kind) = ("UInt32", .number)
    case .bool: (element, kind) = ("Bool", .bool)
    case .string: (element, kind) = ("String", .string)
    case .bytes: (element, kind) = ("[UInt8]", .bytes)
    case .enumeration:
      element = try names.swiftType(field.typeName)
      kind = .enumeration(cType: try names.cType(field.typeName))
    case .message where field.typeName == SwiftNames.object:
      // Repeated bytes to C, which a choice cannot hold.
      guard field.oneof == nil else {
        throw PluginError("\(message).\(field.name): a Struct in a oneof is not supported")
      }
      (element, kind) = (try names.swiftType(field.typeName), .object)
    case .message: (element, kind) = (try names.swiftType(field.typeName), .message)
    case .group: throw PluginError("\(message).\(field.name): groups are not supported")
    }
  }

  var isMessage: Bool { if case .message = kind { true } else { false } }

  /// Not there unless it is set.
  var isOptional: Bool {
    switch kind {
    case .message, .object: true
    case .number, .bool, .string, .bytes, .enumeration, .map: false
    }
  }

  /// Most bytes of the field on the wire without its characters or elements: the tag, which holds 4 bits
  /// of the number in its first byte and 7 in each further, and one varint or fixed number.
  var wireOverhead: Int {
    let tagBits = Int32.bitWidth - number.leadingZeroBitCount + 3
    return (tagBits + 6) / 7 + 10
  }

  /// Swift type of the property.
  var type: String {
    if isRepeated { return "[\(element)]" }
    return isOptional ? "\(element)?" : element
  }

  /// What the property is when nothing was set.
  var defaultValue: String {
    if isRepeated { return "[]" }
    return switch kind {
    case .number: "0"
    case .bool: "false"
    case .string: "\"\""
    case .bytes: "[]"
    case .enumeration: ".init()"
    case .message, .object: "nil"
    case .map: "[:]"
    }
  }
}

/// The pairs of a map field.
struct MapShape {
  /// The Swift type that crosses to C.
  let entryType: String
  let entryCType: String
  let key: FieldShape
  let value: FieldShape

  /// - Parameters:
  ///   - entry: the message that protoc made up for the pairs.
  ///   - typeName: its fully qualified name.
  init(
    _ entry: SchemaMessage, typeName: String, _ names: SwiftNames
  ) throws(PluginError) {
    entryType = try names.swiftType(typeName)
    entryCType = try names.cType(typeName)
    guard entry.fields.count == 2 else { throw PluginError("\(typeName) is not a pair") }
    key = try FieldShape(entry.fields[0], of: entry.name, names)
    value = try FieldShape(entry.fields[1], of: entry.name, names)
    if case .object = value.kind {
      throw PluginError("\(typeName.dropFirst()): a Struct in a map is not supported")
    }
  }
}
