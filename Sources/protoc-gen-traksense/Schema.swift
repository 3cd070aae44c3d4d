// SPDX-License-Identifier: Apache-2.0

/// One .proto file. Comments are without comment marks, nil when there are none.
struct SchemaFile {
  var name: String
  var package: String
  /// The one of `package`.
  var comment: String?
  /// The files imported, by name.
  var imports: [String]
  var messages: [SchemaMessage]
  var enums: [SchemaEnum]
  var services: [SchemaService]
  /// Those declared inside messages are with the messages.
  var extensions: [SchemaExtension]

  /// `telemetry` for `traksense/v1/telemetry.proto`.
  var stem: Substring {
    let last = name.split(separator: "/").last ?? ""
    return last.hasSuffix(".proto") ? last.dropLast(6) : last
  }
}

struct SchemaMessage {
  var name: String
  var comment: String?
  var fields: [SchemaField]
  var oneofs: [String]
  var messages: [SchemaMessage]
  var enums: [SchemaEnum]
  var extensions: [SchemaExtension]
  /// Made up by protoc for the pairs of a map field; has `key` and `value`.
  var isMapEntry: Bool
  /// `traksense.v1.fields_like`: a message of the same package; nil: it is not set.
  var fieldsLike: String?
}

/// A field added to a message from elsewhere.
struct SchemaExtension {
  var name: String
  /// Fully qualified, without leading dot.
  var extendee: String
  var number: Int32
}

struct SchemaField {
  var name: String
  /// lowerCamelCase, as protoc derives it.
  var jsonName: String
  var number: Int32
  var comment: String?
  var isRepeated: Bool
  /// Declared with proto3 `optional`.
  var isOptional: Bool
  var type: FieldType
  /// Of messages and enums: fully qualified, with the leading dot.
  var typeName: String
  var oneof: Int?
  var traits: SchemaFieldTraits
}

/// What a field's options say of it.
struct SchemaFieldTraits {
  struct Limits {
    var minLength: UInt32 = 0
    var maxLength: UInt32 = 0
    var minimum: UInt32 = 0
    var maximum: UInt32 = 0
    var pattern = ""
    var format = ""
    var words: [String] = []
    var maxItems: UInt32 = 0
  }

  /// `google.api.field_behavior` is REQUIRED or OPTIONAL; nil: neither.
  var isRequired: Bool?
  /// `traksense.v1.example`; nil: there is none.
  var example: String?
  /// `traksense.v1.limits`; nil: there are none.
  var limits: Limits?
}

struct SchemaEnum {
  struct Value {
    var name: String
    var number: Int32
    var comment: String?
  }

  var name: String
  var comment: String?
  var values: [Value]
}

struct SchemaService {
  struct Method {
    var name: String
    var comment: String?
    var input: String
    var output: String
    var isClientStreaming: Bool
    var isServerStreaming: Bool
    /// `google.api.http` with its additional bindings, in order.
    var httpRules: [SchemaHTTPRule]
    /// `traksense.v1.success_status`; nil: it is not set.
    var successStatus: UInt32?
    /// `traksense.v1.error_status`.
    var errorStatuses: [UInt32]
    /// `traksense.v1.request_example` and `answer_example`; empty: not set.
    var requestExample: String
    var answerExample: String
  }

  var name: String
  var comment: String?
  var methods: [Method]
}

/// One way to call an RPC over HTTP (google.api.HttpRule).
struct SchemaHTTPRule {
  /// `get`, `put`, `post`, `delete`, `patch` or `custom`, each with its path; one of them, unless the rule
  /// is wrong.
  var patterns: [(verb: String, path: String)]
  var body: String
  var responseBody: String
}

/// FieldDescriptorProto.Type.
enum FieldType: Int32 {
  case double = 1
  case float = 2
  case int64 = 3
  case uint64 = 4
  case int32 = 5
  case fixed64 = 6
  case fixed32 = 7
  case bool = 8
  case string = 9
  case group = 10
  case message = 11
  case bytes = 12
  case uint32 = 13
  case enumeration = 14
  case sfixed32 = 15
  case sfixed64 = 16
  case sint32 = 17
  case sint64 = 18
}
