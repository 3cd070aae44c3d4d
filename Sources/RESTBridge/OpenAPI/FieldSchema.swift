// SPDX-License-Identifier: Apache-2.0

import TrakSenseAPI

/// The JSON Schema of a field.
struct FieldSchema {
  private let field: SchemaDescription.Field
  private let limits: SchemaDescription.Limits

  init(_ field: SchemaDescription.Field) {
    self.field = field
    limits = field.limits
  }

  /// In a response, where it always is.
  var answer: DocumentValue {
    described(field.form == .nullable && !field.isRequired ? Self.orNull(value) : value)
  }

  /// In a request's body. A field that need not be there may be null; of a new thing, that is the same as leaving it
  /// out.
  /// - Parameter isChange: null empties a field, where it can be empty.
  func ask(isChange: Bool) -> DocumentValue {
    let mustSay =
      limits.minLength != nil || limits.minimum != nil || !limits.words.isEmpty
      || field.form == .list
    return described(field.isRequired || isChange && mustSay ? value : Self.orNull(value))
  }

  /// In a query.
  var query: DocumentValue { value }

  /// In a path, where nothing is empty.
  var path: DocumentValue {
    field.type == .unsigned ? ["type": "integer", "minimum": 1, "maximum": 4_294_967_295] : value
  }

  private var value: DocumentValue {
    let one = limited(Self.schema(of: field.type))
    guard field.form == .list else { return one }
    return .members([
      "type": "array", "items": one, "minItems": field.isRequired ? 1 : nil,
      "maxItems": Self.number(limits.maxItems),
    ])
  }

  private func described(_ schema: DocumentValue) -> DocumentValue {
    schema.with(["description": OpenAPISchemas.text(field.comment)])
  }

  /// With what a value may be beyond its type; what must be there may not be empty.
  private func limited(_ schema: DocumentValue) -> DocumentValue {
    let mustSay = field.isRequired && field.form == .one
    switch field.type {
    case .text:
      return schema.with([
        "format": limits.format.map { .text($0) },
        "minLength": Self.number(
          limits.minLength ?? (mustSay && limits.words.isEmpty ? 1 : nil)),
        "maxLength": Self.number(limits.maxLength), "pattern": limits.pattern.map { .text($0) },
        "enum": limits.words.isEmpty ? nil : .array(limits.words.map { .text($0) }),
      ])
    case .unsigned:
      return [
        "type": "integer", "minimum": .integer(Int64(limits.minimum ?? (mustSay ? 1 : 0))),
        "maximum": .integer(Int64(limits.maximum ?? Int(UInt32.max))),
      ]
    default: return schema
    }
  }

  private static func number(_ limit: Int?) -> DocumentValue? { limit.map { .integer(Int64($0)) } }

  private static func orNull(_ schema: DocumentValue) -> DocumentValue {
    guard case .object(var members) = schema, let first = members.first, first.name == "type",
      schema["enum"] == nil
    else { return ["anyOf": [schema, ["type": "null"]]] }
    members[0] = .init(name: "type", value: .array([first.value, "null"]))
    return .object(members)
  }

  private static func schema(of type: SchemaDescription.ValueType) -> DocumentValue {
    switch type {
    case .text: ["type": "string"]
    case .bytes: ["type": "string", "contentEncoding": "base64"]
    case .bool: ["type": "boolean"]
    case .signed: ["type": "integer", "format": "int32"]
    case .unsigned: ["type": "integer", "minimum": 0, "maximum": 4_294_967_295]
    case .long: ["type": "string", "pattern": "^-?[0-9]{1,20}$"]
    case .number: ["type": "number", "format": "double"]
    case .time: ["type": "string", "format": "date-time"]
    case .duration: ["type": "string", "pattern": "^-?[0-9]+([.][0-9]{1,9})?s$"]
    case .mask: ["type": "string"]
    case .object: ["type": "object"]
    case .names(let names): ["type": "string", "enum": .array(names.map { .text($0) })]
    case .message(let name): OpenAPISchemas.reference(name)
    case .map(let value): ["type": "object", "additionalProperties": schema(of: value)]
    }
  }
}
