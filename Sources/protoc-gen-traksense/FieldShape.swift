// SPDX-License-Identifier: Apache-2.0

/// A field as the generated code sees it.
struct FieldShape {
  /// How a value of the field crosses between C and Swift.
  enum Kind {
    /// The same type on both sides.
    case number
    case bool
    case string
    /// With protobuf-c's type.
    case enumeration(cType: String)
    case message
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
  let isRepeated: Bool

  init(_ field: SchemaField, of message: String, _ names: SwiftNames) throws(PluginError) {
    guard !field.isOptional else {
      // protobuf-c 1.4 refuses them as well.
      throw PluginError(
        "\(message).\(field.name): proto3 'optional' is not supported; use a oneof")
    }
    name = SwiftNames.property(field.name)
    cName = SwiftNames.cMember(field.name)
    number = field.number
    protoName = field.name
    jsonName = field.jsonName
    comment = field.comment
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
    case .enumeration:
      element = try names.swiftType(field.typeName)
      kind = .enumeration(cType: try names.cType(field.typeName))
    case .message: (element, kind) = (try names.swiftType(field.typeName), .message)
    case .bytes, .group:
      throw PluginError("\(message).\(field.name): \(field.type) is not supported")
    }
  }

  var isMessage: Bool { if case .message = kind { true } else { false } }

  /// Most bytes of the field on the wire without its characters or elements: the tag, which holds 4 bits
  /// of the number in its first byte and 7 in each further, and one varint or fixed number.
  var wireOverhead: Int {
    let tagBits = Int32.bitWidth - number.leadingZeroBitCount + 3
    return (tagBits + 6) / 7 + 10
  }

  /// Swift type of the property.
  var type: String {
    if isRepeated { return "[\(element)]" }
    return isMessage ? "\(element)?" : element
  }

  /// What the property is when nothing was set.
  var defaultValue: String {
    if isRepeated { return "[]" }
    return switch kind {
    case .number: "0"
    case .bool: "false"
    case .string: "\"\""
    case .enumeration: ".init()"
    case .message: "nil"
    }
  }
}
