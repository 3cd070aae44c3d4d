// SPDX-License-Identifier: Apache-2.0

import TrakSenseAPI

/// The JSON Schemas of messages.
struct OpenAPISchemas {
  private let messages: [String: SchemaDescription.Message]
  /// Messages that are lists: the bridge adds the neighbouring pages.
  private var pages: Set<String> = []
  /// Names of messages that were referred to, and whether a request has them.
  private var answered: Set<String> = []
  private var asked: Set<String> = []

  init(_ description: SchemaDescription) {
    messages = Dictionary(
      description.files.flatMap(\.messages).map { ($0.name, $0) }
    ) { first, _ in first }
  }

  func fields(of message: String) -> [SchemaDescription.Field] { messages[message]?.fields ?? [] }

  /// A response that is this message.
  mutating func answer(_ message: String, isPage: Bool = false) -> DocumentValue {
    guard messages[message] != nil else { return ["type": "object"] }
    if isPage { pages.insert(message) }
    note(message, in: \.answered)
    return Self.reference(message)
  }

  /// A response that is this field's value.
  mutating func answer(_ field: SchemaDescription.Field) -> DocumentValue {
    note(field.type, in: \.answered)
    return Self.schema(of: field)
  }

  /// A request's field that is part of the body.
  mutating func ask(_ field: SchemaDescription.Field) -> DocumentValue {
    note(field.type, in: \.asked)
    return Self.schema(of: field)
  }

  /// A request's field that stands in path or query.
  static func parameter(_ field: SchemaDescription.Field) -> DocumentValue {
    let value = schema(of: field.type)
    return field.form == .list ? ["type": "array", "items": value] : value
  }

  /// `components.schemas`: all that was referred to. What a response has is always there; what a request has
  /// too may be left out there.
  var components: [DocumentValue.Member] {
    answered.union(asked).sorted().map { name in
      .init(name: name, value: component(name))
    }
  }

  private func component(_ name: String) -> DocumentValue {
    var properties: [DocumentValue.Member] = []
    var required: [DocumentValue] = []
    for field in fields(of: name) {
      // Tokens are cookies, not part of any body.
      if case .message(SessionTokens.message) = field.type { continue }
      properties.append(.init(name: field.name, value: Self.schema(of: field)))
      if asked.contains(name) ? field.isRequired : field.form != .choice {
        required.append(.text(field.name))
      }
      guard pages.contains(name), field.name == PageLinks.count else { continue }
      for (link, text) in [("next", "next"), ("previous", "previous")] {
        properties.append(.init(name: link, value: Self.link(to: text)))
        required.append(.text(link))
      }
    }
    return .members([
      "type": "object", "description": messages[name].flatMap { Self.text($0.comment) },
      "properties": .object(properties),
      "required": required.isEmpty ? nil : .array(required),
    ])
  }

  private static func link(to page: String) -> DocumentValue {
    [
      "type": ["string", "null"], "format": "uri",
      "description": "Address of the \(page) page; null: there is none.",
    ]
  }

  private mutating func note(
    _ message: String, in set: WritableKeyPath<OpenAPISchemas, Set<String>>
  ) {
    guard messages[message] != nil, message != SessionTokens.message,
      self[keyPath: set].insert(message).inserted
    else { return }
    for field in fields(of: message) { note(field.type, in: set) }
  }

  private mutating func note(
    _ type: SchemaDescription.ValueType, in set: WritableKeyPath<OpenAPISchemas, Set<String>>
  ) {
    switch type {
    case .message(let name): note(name, in: set)
    case .map(let value): note(value, in: set)
    default: break
    }
  }

  private static func reference(_ message: String) -> DocumentValue {
    ["$ref": "#/components/schemas/\(message)"]
  }

  static func text(_ comment: String) -> DocumentValue? {
    comment.isEmpty ? nil : .text(comment)
  }

  /// A field as a property, with its comment.
  static func schema(of field: SchemaDescription.Field) -> DocumentValue {
    let comment = text(field.comment)
    let value = schema(of: field.type)
    switch field.form {
    case .one, .choice: return value.with(["description": comment])
    case .list:
      return .members(["type": "array", "items": value, "description": comment])
    case .nullable:
      guard case .object(var members) = value, let first = members.first,
        first.name == "type"
      else {
        return .members(["anyOf": .array([value, ["type": "null"]]), "description": comment])
      }
      members[0] = .init(name: "type", value: .array([first.value, "null"]))
      return DocumentValue.object(members).with(["description": comment])
    }
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
    case .message(let name): reference(name)
    case .map(let value): ["type": "object", "additionalProperties": schema(of: value)]
    }
  }
}

/// The message that becomes cookies.
private enum SessionTokens {
  static let message = "Tokens"
}
