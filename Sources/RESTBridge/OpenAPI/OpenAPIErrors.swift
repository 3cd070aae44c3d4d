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
    /// The body is a form, and one that is too large is a problem of its field.
    static let form = Traits(rawValue: 4)
  }

  private struct Kind {
    let status: Int
    let name: String
    let text: DocumentValue
    let schema: DocumentValue
    let example: DocumentValue

    /// - Parameter example: what is wrong, for people.
    init(_ status: Int, _ name: String, _ text: DocumentValue, _ example: DocumentValue) {
      self.status = status
      self.name = name
      self.text = text
      schema = detail
      self.example = ["detail": example]
    }

    /// - Parameters:
    ///   - field: that is wrong.
    ///   - problem: what is wrong with it, for people.
    init(
      _ status: Int, _ name: String, _ text: DocumentValue, _ field: String,
      _ problem: DocumentValue
    ) {
      self.status = status
      self.name = name
      self.text = text
      schema = any
      example = .object([.init(name: field, value: [problem])])
    }
  }

  private static let all = [
    Kind(
      400, "BadRequest", "Something is wrong with the request; mostly, the fields are named.",
      "name", "This field is required."),
    Kind(
      401, "Unauthorized", "Credentials are missing, wrong or no longer valid.",
      "Authentication credentials were not provided."),
    Kind(
      403, "Forbidden", "The caller may not do this, or a foreign page sent it.",
      "This key only sends readings."),
    Kind(404, "NotFound", "There is no such thing, or no such tenant.", "Not found."),
    Kind(
      408, "RequestTimeout", "The body did not arrive in time.", "The body did not arrive in time."),
    Kind(
      409, "Conflict", "Something exists already, or is in use.", "tag",
      "An asset with this tag already exists."),
    Kind(
      413, "ContentTooLarge", "The body is too large.", "The body is larger than 1048576 bytes."),
    Kind(
      415, "UnsupportedMediaType", "The body is of another type than the route takes.",
      "Unsupported media type \"text/plain\" in request."),
    Kind(429, "TooManyRequests", "Too many requests or attempts.", "Too many attempts."),
    Kind(
      503, "Unavailable", "The same request may succeed later.", "The database is not available."),
  ]

  private static let detail: DocumentValue = ["$ref": "#/components/schemas/Detail"]
  private static let any: DocumentValue = [
    "anyOf": [
      ["$ref": "#/components/schemas/Detail"], ["$ref": "#/components/schemas/FieldErrors"],
    ]
  ]

  /// The members of an operation's `responses` behind its success.
  /// - Parameter others: statuses that not all operations have.
  static func responses(_ traits: Traits, _ others: [Int]) -> [DocumentValue.Member] {
    all.filter { one in
      switch one.status {
      case 401: traits.contains(.credentials) || others.contains(401)
      case 408, 415: traits.contains(.body)
      case 413: traits.contains(.body) && !traits.contains(.form)
      case 409: others.contains(409)
      default: true
      }
    }.map { one in
      .init(name: "\(one.status)", value: ["$ref": "#/components/responses/\(one.name)"])
    }
  }

  /// `components.responses`.
  static let components: DocumentValue = .object(
    all.map { one in
      .init(
        name: one.name,
        value: .members([
          "description": one.text, "headers": headers(of: one.status),
          "content": ["application/json": ["schema": one.schema, "example": one.example]],
        ]))
    })

  private static func headers(of status: Int) -> DocumentValue? {
    switch status {
    case 401:
      ["WWW-Authenticate": ["schema": ["type": "string"], "description": "`Bearer`."]]
    case 429, 503:
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
