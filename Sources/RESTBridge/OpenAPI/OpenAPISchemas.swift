// SPDX-License-Identifier: Apache-2.0

import TrakSenseAPI

/// The JSON Schemas of messages.
struct OpenAPISchemas {
  let messages: [String: SchemaDescription.Message]
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
    return FieldSchema(field).answer
  }

  /// A request's field that is part of the body.
  /// - Parameter isChange: of something that is there already.
  mutating func ask(_ field: SchemaDescription.Field, isChange: Bool) -> DocumentValue {
    note(field.type, in: \.asked)
    return FieldSchema(field).ask(isChange: isChange)
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
      if SessionTokens.holds(field) { continue }
      let isAsked = asked.contains(name)
      let schema = FieldSchema(field)
      properties.append(
        .init(name: field.name, value: isAsked ? schema.ask(isChange: false) : schema.answer))
      if isAsked ? field.isRequired : field.form != .choice {
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
      // Only a body's own members are looked for by name; those inside are read as they stand.
      "additionalProperties": asked.contains(name) ? false : nil,
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

  static func reference(_ message: String) -> DocumentValue {
    ["$ref": "#/components/schemas/\(message)"]
  }

  static func text(_ comment: String) -> DocumentValue? {
    comment.isEmpty ? nil : .text(comment)
  }
}

/// The message that becomes cookies.
enum SessionTokens {
  static let message = "Tokens"

  static func holds(_ field: SchemaDescription.Field) -> Bool { field.type == .message(message) }
}
