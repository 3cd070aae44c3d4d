// SPDX-License-Identifier: Apache-2.0

/// The answers that are no success, which many operations share.
enum OpenAPIErrors {
  /// What an operation does, as far as its errors are concerned.
  struct Traits: OptionSet {
    let rawValue: Int
    /// Has a body.
    static let body = Traits(rawValue: 1)
    /// Looks at credentials.
    static let credentials = Traits(rawValue: 2)
    /// Changes something.
    static let change = Traits(rawValue: 4)
  }

  private static let all: [(status: String, name: String, text: String, schema: DocumentValue)] = [
    (
      "400", "BadRequest", "Something is wrong with the request; mostly, the fields are named.", any
    ),
    ("401", "Unauthorized", "Credentials are missing, wrong or no longer valid.", detail),
    ("403", "Forbidden", "The caller may not do this, or a foreign page sent it.", detail),
    ("404", "NotFound", "There is no such thing, or no such tenant.", detail),
    ("408", "RequestTimeout", "The body did not arrive in time.", detail),
    ("409", "Conflict", "Something exists already, or is in use.", any),
    ("413", "ContentTooLarge", "The body is too large.", detail),
    ("415", "UnsupportedMediaType", "The body is of another type than the route takes.", detail),
    ("429", "TooManyRequests", "Too many requests or attempts.", detail),
    ("503", "Unavailable", "The same request may succeed later.", detail),
  ]

  private static let detail: DocumentValue = ["$ref": "#/components/schemas/Detail"]
  private static let any: DocumentValue = [
    "anyOf": [
      ["$ref": "#/components/schemas/Detail"], ["$ref": "#/components/schemas/FieldErrors"],
    ]
  ]

  /// The members of an operation's `responses` behind its success.
  static func responses(_ traits: Traits) -> [DocumentValue.Member] {
    all.filter { one in
      switch one.status {
      case "408", "413", "415": traits.contains(.body)
      case "409": traits.contains(.change)
      default: true
      }
    }.map { one in
      .init(name: one.status, value: ["$ref": "#/components/responses/\(one.name)"])
    }
  }

  /// `components.responses`.
  static let components: DocumentValue = .object(
    all.map { one in
      .init(
        name: one.name,
        value: .members([
          "description": .text(one.text), "headers": headers(of: one.status),
          "content": ["application/json": ["schema": one.schema]],
        ]))
    })

  private static func headers(of status: String) -> DocumentValue? {
    switch status {
    case "401":
      ["WWW-Authenticate": ["schema": ["type": "string"], "description": "`Bearer`."]]
    case "429", "503":
      ["Retry-After": ["schema": ["type": "integer", "minimum": 1], "description": "Seconds."]]
    default: nil
    }
  }

  /// The members of `components.schemas` that the errors need.
  static let schemas: [DocumentValue.Member] = [
    .init(
      name: "Detail",
      value: [
        "type": "object", "description": "What is wrong, for people.",
        "properties": ["detail": ["type": "string"]], "required": ["detail"],
        "additionalProperties": false,
      ]),
    .init(
      name: "FieldErrors",
      value: [
        "type": "object", "description": "What is wrong with each field, by its name.",
        "minProperties": 1,
        "additionalProperties": ["type": "array", "minItems": 1, "items": ["type": "string"]],
      ]),
  ]
}
