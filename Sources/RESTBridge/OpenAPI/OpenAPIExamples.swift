// SPDX-License-Identifier: Apache-2.0

import TrakSenseAPI

/// Requests and answers put together of the examples that the .proto files have, all of them about the sample
/// tenant.
struct OpenAPIExamples {
  /// When everything happens.
  static let instant: DocumentValue = "2026-06-01T12:00:00Z"

  private let messages: [String: SchemaDescription.Message]

  init(_ messages: [String: SchemaDescription.Message]) {
    self.messages = messages
  }

  /// The members of a request over a route; path, query and body together.
  func request(_ call: TranscodedRoute, _ method: SchemaDescription.Method) -> DocumentValue {
    let fields = messages[method.request]?.fields ?? []
    var request: DocumentValue
    if let text = method.requestExample, let whole = DocumentValue(json: text) {
      request = whole
    } else {
      request = .object(
        fields.compactMap { field in
          Self.value(of: field).map { .init(name: field.name, value: $0) }
        })
    }
    for field in fields where call.pathFields.contains(field.name) && field.type == .unsigned {
      // The first thing of its kind that the sample tenant has.
      if request[field.name] == nil { request = request.with([field.name: 1]) }
    }
    return request
  }

  /// The answer to that request.
  /// - Parameter isPage: the bridge adds the neighbouring pages, of which there are none.
  func answer(
    _ method: SchemaDescription.Method, to request: DocumentValue, isPage: Bool
  ) -> DocumentValue {
    guard let message = messages[method.response] else { return [:] }
    var answer = value(of: message, isPage: isPage)
    // What was sent comes back.
    let sent = (messages[method.request]?.fields ?? []).filter { field in
      message.fields.contains { $0.name == field.name && $0.type == field.type }
    }.map(\.name)
    answer = answer.merged(with: .object(request.members.filter { sent.contains($0.name) }))
    if let others = method.answerExample.flatMap({ DocumentValue(json: $0) }) {
      answer = answer.merged(with: others)
    }
    return answer
  }

  /// A message as an answer has it; nil when there is no such message.
  func answer(_ message: String) -> DocumentValue? {
    messages[message].map { value(of: $0, isPage: false) }
  }

  private func value(
    of message: SchemaDescription.Message, isPage: Bool
  ) -> DocumentValue {
    var members: [DocumentValue.Member] = []
    for field in message.fields where field.form != .choice && !SessionTokens.holds(field) {
      members.append(.init(name: field.name, value: Self.value(of: field) ?? usual(field)))
      if isPage, field.name == PageLinks.count {
        members += ["next", "previous"].map { .init(name: $0, value: .null) }
      }
    }
    return .object(members)
  }

  /// The example that a field has itself.
  static func value(of field: SchemaDescription.Field) -> DocumentValue? {
    guard let example = field.example else { return nil }
    if field.form == .list {
      return example.hasPrefix("[")
        ? DocumentValue(json: example) : .array([.text(example)])
    }
    switch field.type {
    case .text, .bytes, .long, .time, .duration, .mask, .names: return .text(example)
    case .bool, .signed, .unsigned, .number, .object, .message, .map:
      return DocumentValue(json: example)
    }
  }

  /// What a field without an example has in an answer.
  private func usual(_ field: SchemaDescription.Field) -> DocumentValue {
    if case .message(let name) = field.type, let message = messages[name] {
      let value = value(of: message, isPage: false)
      return field.form == .list ? [value] : value
    }
    if case .map(.message(let name)) = field.type, let message = messages[name] {
      return ["1": value(of: message, isPage: false)]
    }
    switch field.form {
    case .list: return []
    case .nullable where !field.isRequired: return .null
    case .nullable, .one, .choice: return usual(field.type)
    }
  }

  private func usual(_ type: SchemaDescription.ValueType) -> DocumentValue {
    switch type {
    case .text, .bytes, .mask: ""
    case .bool: false
    case .signed, .unsigned, .number: 0
    case .long: "0"
    case .time: Self.instant
    case .duration: "0s"
    case .names(let names): .text(names.first ?? "")
    case .object, .map, .message: [:]
    }
  }
}
