// SPDX-License-Identifier: Apache-2.0

/// How a unary RPC is reached over HTTP with JSON, as its .proto says with `google.api.http`.
package struct HTTPRoute: Sendable {
  /// The RPC with its messages.
  package let types: MethodTypes
  /// The ways to call it, all to the same effect; the first is the preferred one.
  package let bindings: [HTTPBinding]
  /// Status of a success; 204: the answer has no body.
  package let successStatus: Int
  /// The fields of the request.
  package let requestFields: [Field]
  /// Names of the response's fields, as the .proto spells them.
  package let responseFields: [String]

  /// - Parameters:
  ///   - types: the RPC with its messages.
  ///   - bindings: the ways to call it; not empty.
  ///   - success: status of a success.
  ///   - requestFields: the fields of the request.
  ///   - responseFields: names of the response's fields.
  package init(
    _ types: MethodTypes, bindings: [HTTPBinding], success: Int, requestFields: [Field],
    responseFields: [String]
  ) {
    self.types = types
    self.bindings = bindings
    successStatus = success
    self.requestFields = requestFields
    self.responseFields = responseFields
  }
}

/// One way to call an RPC over HTTP.
package struct HTTPBinding: Hashable, Sendable {
  /// What is done with the path.
  package enum Verb: String, Hashable, Sendable, CaseIterable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  /// What is done with the path.
  package let verb: Verb
  /// Starts with a slash and ends without; `{name}` stands for one part, which is the value of the
  /// request's field of that name.
  package let path: String
  /// Whether the body is a JSON object with the fields that the path does not have. If not, there is no
  /// body, and they come from the query.
  package let hasBody: Bool
  /// The response's field that is the whole answer; nil: the response itself is.
  package let responseField: String?

  /// - Parameters:
  ///   - verb: what is done with the path.
  ///   - path: with `{name}` for a field of the request.
  ///   - hasBody: whether fields come from the body instead of the query.
  ///   - responseField: the response's field that is the whole answer; nil: the response itself is.
  package init(_ verb: Verb, _ path: String, hasBody: Bool, responseField: String? = nil) {
    self.verb = verb
    self.path = path
    self.hasBody = hasBody
    self.responseField = responseField
  }
}

extension HTTPRoute {
  /// A field of a request, for those who make its JSON form of texts.
  package struct Field: Hashable, Sendable {
    /// What the JSON form of one value is.
    package enum Kind: Hashable, Sendable {
      /// A string: texts, bytes, names of an enum's values, durations, nullable texts, 64-bit numbers.
      case text
      /// A string: a time in RFC 3339.
      case time
      case bool
      /// A number, which may stand in a string.
      case number
      /// A number from 0 to 4,294,967,295, which may stand in a string.
      case uint32
      /// An object or a map: no text stands for it.
      case object
    }

    /// As the .proto spells it.
    package let name: String
    /// lowerCamelCase, which JSON may use as well.
    package let jsonName: String
    /// What the JSON form of one value is.
    package let kind: Kind
    /// Whether there may be any number of values.
    package let isRepeated: Bool

    /// - Parameters:
    ///   - name: as the .proto spells it.
    ///   - jsonName: in lowerCamelCase.
    ///   - kind: what the JSON form of one value is.
    ///   - isRepeated: whether there may be any number of values.
    package init(_ name: String, json jsonName: String, _ kind: Kind, isRepeated: Bool = false) {
      self.name = name
      self.jsonName = jsonName
      self.kind = kind
      self.isRepeated = isRepeated
    }
  }
}
