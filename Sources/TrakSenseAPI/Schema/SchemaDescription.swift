// SPDX-License-Identifier: Apache-2.0

/// What .proto files say for their readers: messages with their fields' JSON forms, and the comments of all. The
/// OpenAPI document is made of it.
package struct SchemaDescription: Sendable {
  /// In their order.
  public let files: [File]

  /// - Parameter files: no two messages of one name.
  public init(files: [File]) {
    self.files = files
  }
}

extension SchemaDescription {
  /// One .proto file.
  public struct File: Sendable {
    /// In their order.
    public let services: [Service]
    /// Those nested in others included.
    public let messages: [Message]

    /// - Parameters:
    ///   - services: in their order.
    ///   - messages: those nested in others included.
    public init(services: [Service], messages: [Message]) {
      self.services = services
      self.messages = messages
    }
  }

  /// A service.
  public struct Service: Sendable {
    /// Without package.
    public let name: String
    /// Empty: there is none.
    public let comment: String
    /// In their order.
    public let methods: [Method]

    /// - Parameters:
    ///   - name: without package.
    ///   - comment: the file's, where the service has none; may be empty.
    ///   - methods: in their order.
    public init(_ name: String, _ comment: String, methods: [Method]) {
      self.name = name
      self.comment = comment
      self.methods = methods
    }
  }

  /// An RPC.
  public struct Method: Sendable {
    /// `/traksense.v1.SiteService/ListSites`.
    public let path: String
    /// Empty: there is none.
    public let comment: String
    /// Name of the message.
    public let request: String
    /// Name of the message.
    public let response: String
    /// HTTP statuses with which it may fail, beyond those of all RPCs.
    public let errors: [Int]
    /// A whole request that is an example, as JSON; nil: its fields' examples are.
    public let requestExample: String?
    /// Members of the answer to the example that are not as its fields' examples, as JSON.
    public let answerExample: String?

    /// - Parameters:
    ///   - path: with package and service.
    ///   - comment: may be empty.
    ///   - request: name of the message.
    ///   - response: name of the message.
    ///   - errors: HTTP statuses, beyond those of all RPCs.
    ///   - requestExample: JSON; nil: the fields have them.
    ///   - answerExample: JSON.
    public init(
      _ path: String, _ comment: String, request: String, response: String, errors: [Int] = [],
      requestExample: String? = nil, answerExample: String? = nil
    ) {
      self.path = path
      self.comment = comment
      self.request = request
      self.response = response
      self.errors = errors
      self.requestExample = requestExample
      self.answerExample = answerExample
    }
  }

  /// A message.
  public struct Message: Sendable {
    /// Without package, with the messages around it: `IngestResult.Detail`.
    public let name: String
    /// Empty: there is none.
    public let comment: String
    /// In their order.
    public let fields: [Field]

    /// - Parameters:
    ///   - name: without package.
    ///   - comment: may be empty.
    ///   - fields: in their order.
    public init(_ name: String, _ comment: String, _ fields: [Field]) {
      self.name = name
      self.comment = comment
      self.fields = fields
    }
  }

  /// A field of a message.
  public struct Field: Sendable {
    /// How many values there are.
    public enum Form: Hashable, Sendable {
      /// Always one.
      case one
      /// One, or null.
      case nullable
      /// An array.
      case list
      /// One, or the field is left out: a member of a oneof.
      case choice
    }

    /// As the .proto spells it.
    public let name: String
    /// What the JSON form of one value is.
    public let type: ValueType
    /// How many values there are.
    public let form: Form
    /// Empty: there is none.
    public let comment: String
    /// A request must have it; in a response it is not null.
    public let isRequired: Bool
    /// What a value may be, beyond its type.
    public let limits: Limits
    /// A value: of texts the text itself, else JSON; nil: there is none.
    public let example: String?

    /// - Parameters:
    ///   - name: as the .proto spells it.
    ///   - type: what the JSON form of one value is.
    ///   - form: how many values there are.
    ///   - comment: may be empty.
    ///   - isRequired: a request must have it; in a response it is not null.
    ///   - limits: what a value may be, beyond its type.
    ///   - example: of texts the text itself, else JSON.
    public init(
      _ name: String, _ type: ValueType, _ form: Form = .one, _ comment: String = "",
      isRequired: Bool = false, limits: Limits = Limits(), example: String? = nil
    ) {
      self.name = name
      self.type = type
      self.form = form
      self.comment = comment
      self.isRequired = isRequired
      self.limits = limits
      self.example = example
    }
  }

  /// What a value may be, beyond its type; of a list, all but ``maxItems`` is about the elements. nil and empty say
  /// nothing.
  public struct Limits: Hashable, Sendable {
    /// In characters.
    public let minLength: Int?
    /// In characters.
    public let maxLength: Int?
    /// The least of a number.
    public let minimum: Int?
    /// The most of a number.
    public let maximum: Int?
    /// A regular expression that a text matches.
    public let pattern: String?
    /// As JSON Schema names them.
    public let format: String?
    /// The texts that there are.
    public let words: [String]
    /// Of the list.
    public let maxItems: Int?

    /// - Parameters:
    ///   - minLength: in characters.
    ///   - maxLength: in characters.
    ///   - minimum: of a number.
    ///   - maximum: of a number.
    ///   - pattern: a regular expression.
    ///   - format: as JSON Schema names them.
    ///   - words: the texts that there are.
    ///   - maxItems: of the list.
    public init(
      minLength: Int? = nil, maxLength: Int? = nil, minimum: Int? = nil, maximum: Int? = nil,
      pattern: String? = nil, format: String? = nil, words: [String] = [], maxItems: Int? = nil
    ) {
      self.minLength = minLength
      self.maxLength = maxLength
      self.minimum = minimum
      self.maximum = maximum
      self.pattern = pattern
      self.format = format
      self.words = words
      self.maxItems = maxItems
    }
  }

  /// What the JSON form of one value is.
  public indirect enum ValueType: Hashable, Sendable {
    case text
    /// Base64.
    case bytes
    case bool
    /// From -2³¹.
    case signed
    /// To 2³² - 1.
    case unsigned
    /// A 64-bit integer in a string.
    case long
    case number
    /// RFC 3339.
    case time
    /// Seconds with an `s`: `1.5s`.
    case duration
    /// Names of fields with commas between them.
    case mask
    /// Any JSON object.
    case object
    /// One of these names.
    case names([String])
    /// By its name, as the messages have them.
    case message(String)
    /// An object with any names, and such values.
    case map(ValueType)
  }
}
