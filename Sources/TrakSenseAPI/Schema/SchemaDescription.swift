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

    /// - Parameters:
    ///   - path: with package and service.
    ///   - comment: may be empty.
    ///   - request: name of the message.
    ///   - response: name of the message.
    public init(_ path: String, _ comment: String, request: String, response: String) {
      self.path = path
      self.comment = comment
      self.request = request
      self.response = response
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
    /// Whether a request must have it: its comment says `Required.`.
    public let isRequired: Bool

    /// - Parameters:
    ///   - name: as the .proto spells it.
    ///   - type: what the JSON form of one value is.
    ///   - form: how many values there are.
    ///   - comment: may be empty.
    ///   - isRequired: whether a request must have it.
    public init(
      _ name: String, _ type: ValueType, _ form: Form = .one, _ comment: String = "",
      isRequired: Bool = false
    ) {
      self.name = name
      self.type = type
      self.form = form
      self.comment = comment
      self.isRequired = isRequired
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
