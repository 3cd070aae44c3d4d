// SPDX-License-Identifier: Apache-2.0

import CProtobufC
import CProtocPlugin

/// What protoc wants generated.
struct PluginRequest {
  var filesToGenerate: Set<String>
  /// From `--traksense_opt`.
  var options: PluginOptions
  /// With everything they import.
  var files: [SchemaFile]
  /// The serialized FileDescriptorProto of each of `files`.
  var descriptors: [[UInt8]]

  /// Decodes a CodeGeneratorRequest with protobuf-c and copies what is needed.
  init(decoding bytes: [UInt8]) throws(PluginError) {
    let raw = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe traksense__protoc__plugin_request__unpack(nil, buffer.count, buffer.baseAddress)
    }
    guard let raw = unsafe raw else { throw PluginError("the request is not protobuf") }
    defer { unsafe traksense__protoc__plugin_request__free_unpacked(raw, nil) }
    filesToGenerate = []
    for index in 0..<(unsafe raw.pointee.n_file_to_generate) {
      filesToGenerate.insert(unsafe text(raw.pointee.file_to_generate[index]))
    }
    options = try PluginOptions(unsafe text(raw.pointee.parameter))
    files = try unsafe map(raw.pointee.n_proto_file, raw.pointee.proto_file) {
      _, file throws(PluginError) in
      try unsafe SchemaFile(file)
    }
    descriptors = try Self.descriptors(bytes)
  }

  private static func descriptors(_ bytes: [UInt8]) throws(PluginError) -> [[UInt8]] {
    let raw = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe traksense__protoc__plugin_files__unpack(nil, buffer.count, buffer.baseAddress)
    }
    guard let raw = unsafe raw else { throw PluginError("the request is not protobuf") }
    defer { unsafe traksense__protoc__plugin_files__free_unpacked(raw, nil) }
    return unsafe UnsafeBufferPointer(
      start: raw.pointee.proto_file, count: raw.pointee.n_proto_file
    ).map { unsafe Array(UnsafeBufferPointer(start: $0.data, count: $0.len)) }
  }
}

/// Comments by the path of what they belong to (SourceCodeInfo.Location.path).
private typealias Comments = [[Int32]: String]

// Field numbers of FileDescriptorProto, DescriptorProto, EnumDescriptorProto and ServiceDescriptorProto,
// of which the paths of comments are made.
private let packageInFile: Int32 = 2
private let messageInFile: Int32 = 4
private let enumInFile: Int32 = 5
private let serviceInFile: Int32 = 6
private let fieldInMessage: Int32 = 2
private let messageInMessage: Int32 = 3
private let enumInMessage: Int32 = 4
private let valueInEnum: Int32 = 2
private let methodInService: Int32 = 2

extension SchemaFile {
  fileprivate init(_ c: UnsafePointer<Traksense__Protoc__FileDescriptor>) throws(PluginError) {
    unsafe name = text(c.pointee.name)
    unsafe package = text(c.pointee.package)
    imports = (0..<(unsafe c.pointee.n_dependency)).map { index in
      unsafe text(c.pointee.dependency[index])
    }
    extensions = unsafe map(c.pointee.n_extension, c.pointee.extension) { _, field in
      unsafe SchemaExtension(field)
    }
    let comments = unsafe Self.comments(c.pointee.source_code_info)
    comment = comments[[packageInFile]]
    enums = unsafe map(c.pointee.n_enum_type, c.pointee.enum_type) { index, value in
      unsafe SchemaEnum(value, [enumInFile, index], comments)
    }
    messages = try unsafe map(c.pointee.n_message_type, c.pointee.message_type) {
      index, message throws(PluginError) in
      try unsafe SchemaMessage(message, [messageInFile, index], comments)
    }
    services = unsafe map(c.pointee.n_service, c.pointee.service) { index, service in
      unsafe SchemaService(service, [serviceInFile, index], comments)
    }
  }

  private static func comments(
    _ info: UnsafePointer<Traksense__Protoc__SourceInfo>?
  ) -> Comments {
    guard let info = unsafe info else { return [:] }
    let pairs = unsafe map(info.pointee.n_location, info.pointee.location) { _, location in
      let path = unsafe Array(
        UnsafeBufferPointer(start: location.pointee.path, count: location.pointee.n_path))
      let leading = unsafe text(location.pointee.leading_comments)
      return (path, unsafe leading.isEmpty ? text(location.pointee.trailing_comments) : leading)
    }
    return Comments(pairs.filter { !$0.1.isEmpty }) { first, _ in first }
  }
}

extension SchemaMessage {
  fileprivate init(
    _ c: UnsafePointer<Traksense__Protoc__MessageDescriptor>, _ path: [Int32], _ comments: Comments
  ) throws(PluginError) {
    let name = unsafe text(c.pointee.name)
    self.name = name
    comment = comments[path]
    isMapEntry = unsafe c.pointee.options.map { unsafe $0.pointee.map_entry != 0 } ?? false
    let like = unsafe text(c.pointee.options?.pointee.fields_like)
    fieldsLike = like.isEmpty ? nil : like
    extensions = unsafe map(c.pointee.n_extension, c.pointee.extension) { _, field in
      unsafe SchemaExtension(field)
    }
    oneofs = unsafe map(c.pointee.n_oneof_decl, c.pointee.oneof_decl) { _, oneof in
      unsafe text(oneof.pointee.name)
    }
    fields = try unsafe map(c.pointee.n_field, c.pointee.field) {
      index, field throws(PluginError) in
      try unsafe SchemaField(field, of: name, comments[path + [fieldInMessage, index]])
    }
    enums = unsafe map(c.pointee.n_enum_type, c.pointee.enum_type) { index, value in
      unsafe SchemaEnum(value, path + [enumInMessage, index], comments)
    }
    messages = try unsafe map(c.pointee.n_nested_type, c.pointee.nested_type) {
      index, nested throws(PluginError) in
      try unsafe SchemaMessage(nested, path + [messageInMessage, index], comments)
    }
  }
}

extension SchemaExtension {
  fileprivate init(_ c: UnsafePointer<Traksense__Protoc__FieldDescriptor>) {
    unsafe name = text(c.pointee.name)
    extendee = String(unsafe text(c.pointee.extendee).drop { $0 == "." })
    unsafe number = c.pointee.number
  }
}

extension SchemaField {
  fileprivate init(
    _ c: UnsafePointer<Traksense__Protoc__FieldDescriptor>, of message: String, _ comment: String?
  ) throws(PluginError) {
    unsafe name = text(c.pointee.name)
    unsafe jsonName = text(c.pointee.json_name)
    unsafe number = c.pointee.number
    self.comment = comment
    let labelRepeated: Int32 = 3
    unsafe isRepeated = c.pointee.label == labelRepeated
    guard let type = unsafe FieldType(rawValue: c.pointee.type) else {
      throw PluginError("\(message).\(name) has an unknown type")
    }
    self.type = type
    unsafe typeName = text(c.pointee.type_name)
    unsafe isOptional = c.pointee.proto3_optional != 0
    oneof = unsafe c.pointee.has_oneof_index != 0 ? Int(c.pointee.oneof_index) : nil
    traits = unsafe c.pointee.options.map { unsafe SchemaFieldTraits($0) } ?? SchemaFieldTraits()
  }
}

extension SchemaFieldTraits {
  fileprivate init(_ c: UnsafePointer<Traksense__Protoc__FieldOptions>) {
    // google.api.FieldBehavior.
    let (optional, required): (Int32, Int32) = (1, 2)
    for index in 0..<(unsafe c.pointee.n_field_behavior) {
      let behavior = unsafe c.pointee.field_behavior[index]
      if behavior == required || behavior == optional { isRequired = behavior == required }
    }
    if let text = unsafe c.pointee.example { unsafe example = String(cString: text) }
    guard let c = unsafe c.pointee.limits else { return }
    limits = unsafe Limits(
      minLength: c.pointee.min_length, maxLength: c.pointee.max_length, minimum: c.pointee.minimum,
      maximum: c.pointee.maximum, pattern: text(c.pointee.pattern), format: text(c.pointee.format),
      words: text(c.pointee.one_of).split(separator: " ").map(String.init),
      maxItems: c.pointee.max_items)
  }
}

extension SchemaEnum {
  fileprivate init(
    _ c: UnsafePointer<Traksense__Protoc__EnumDescriptor>, _ path: [Int32], _ comments: Comments
  ) {
    unsafe name = text(c.pointee.name)
    comment = comments[path]
    values = unsafe map(c.pointee.n_value, c.pointee.value) { index, value in
      unsafe Value(
        name: text(value.pointee.name), number: value.pointee.number,
        comment: comments[path + [valueInEnum, index]])
    }
  }
}

extension SchemaService {
  fileprivate init(
    _ c: UnsafePointer<Traksense__Protoc__ServiceDescriptor>, _ path: [Int32], _ comments: Comments
  ) {
    unsafe name = text(c.pointee.name)
    comment = comments[path]
    methods = unsafe map(c.pointee.n_method, c.pointee.method) { index, method in
      unsafe Method(
        name: text(method.pointee.name), comment: comments[path + [methodInService, index]],
        input: text(method.pointee.input_type), output: text(method.pointee.output_type),
        isClientStreaming: method.pointee.client_streaming != 0,
        isServerStreaming: method.pointee.server_streaming != 0,
        httpRules: SchemaHTTPRule.all(method.pointee.options),
        successStatus: method.pointee.options.flatMap {
          unsafe $0.pointee.has_success_status != 0 ? $0.pointee.success_status : nil
        },
        errorStatuses: method.pointee.options.map { options in
          unsafe (0..<options.pointee.n_error_status).map {
            unsafe options.pointee.error_status[$0]
          }
        } ?? [], requestExample: text(method.pointee.options?.pointee.request_example),
        answerExample: text(method.pointee.options?.pointee.answer_example))
    }
  }
}

extension SchemaHTTPRule {
  /// The rule of an RPC and its additional bindings, which have none of their own.
  fileprivate static func all(
    _ options: UnsafePointer<Traksense__Protoc__MethodOptions>?
  ) -> [SchemaHTTPRule] {
    guard let rule = unsafe options?.pointee.http else { return [] }
    let additional = unsafe map(
      rule.pointee.n_additional_bindings, rule.pointee.additional_bindings
    ) { _, rule in unsafe SchemaHTTPRule(rule) }
    return [unsafe SchemaHTTPRule(rule)] + additional
  }

  private init(_ c: UnsafePointer<Traksense__Protoc__HttpRule>) {
    let named = unsafe [
      ("get", c.pointee.get), ("put", c.pointee.put), ("post", c.pointee.post),
      ("delete", c.pointee.delete_), ("patch", c.pointee.patch),
    ]
    patterns = []
    for index in unsafe named.indices {
      let path = unsafe text(named[index].1)
      if !path.isEmpty { unsafe patterns.append((named[index].0, path)) }
    }
    if let custom = unsafe c.pointee.custom {
      unsafe patterns.append(("custom", text(custom.pointee.path)))
    }
    unsafe body = text(c.pointee.body)
    unsafe responseBody = text(c.pointee.response_body)
  }
}

/// A C string; empty for NULL.
private func text(_ pointer: UnsafePointer<CChar>?) -> String {
  unsafe pointer.map { unsafe String(cString: $0) } ?? ""
}

/// Transforms the elements, with their indices, of an array of pointers to messages.
private func map<Message, Result, Failure: Error>(
  _ count: Int, _ pointers: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?,
  _ transform: (Int32, UnsafePointer<Message>) throws(Failure) -> Result
) throws(Failure) -> [Result] {
  var results: [Result] = []
  for index in 0..<count {
    guard let element = unsafe pointers?[index] else { continue }
    results.append(try unsafe transform(Int32(index), element))
  }
  return results
}
