// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import JSONText
import RPCRuntime
import TrakSenseAPI

/// The OpenAPI 3.1 document of everything that the bridge answers, but for its pages: those are for people.
struct OpenAPIDocument {
  private let description: SchemaDescription
  private let access: (MethodDescriptor) -> RouteAccess
  private let methods: [String: SchemaDescription.Method]
  private var schemas: OpenAPISchemas
  private let examples: OpenAPIExamples
  private let links: OpenAPILinks
  private var paths: [(path: String, operations: [DocumentValue.Member])] = []
  /// - Parameters:
  ///   - routes: everything that is answered.
  ///   - description: of the messages.
  ///   - access: what an RPC takes of its caller.
  init(
    _ routes: [BridgeRoutes.Route], _ description: SchemaDescription,
    access: @escaping (MethodDescriptor) -> RouteAccess
  ) {
    self.description = description
    self.access = access
    methods = Dictionary(
      description.files.flatMap(\.services).flatMap(\.methods).map { ($0.path, $0) }
    ) { first, _ in first }
    schemas = OpenAPISchemas(description)
    examples = OpenAPIExamples(schemas.messages)
    links = OpenAPILinks(routes)
    for route in routes { add(route) }
  }

  /// The document's text.
  var json: [UInt8] {
    var json = JSONWriter()
    value.write(to: &json)
    return json.bytes
  }

  private var value: DocumentValue {
    [
      "openapi": "3.1.0",
      "info": [
        "title": "TrakSense", "version": "1",
        "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
        "description": .text(Self.introduction),
      ],
      "servers": [["url": "/api", "description": "Also without `/api`."]],
      "tags": tags,
      "paths": .object(paths.map { .init(name: $0.path, value: .object($0.operations)) }),
      "components": [
        "schemas": .object(OpenAPIErrors.schemas + schemas.components),
        "responses": OpenAPIErrors.components,
        "parameters": ["Tenant": Self.tenant],
        "securitySchemes": RouteAccess.schemes,
      ],
    ]
  }

  private static let introduction = """
    Every path is known with and without a slash at its end. The host names the tenant; on a host of no tenant, \
    `?tenant=` or the header `X-Tenant` does. Unknown query parameters are refused, unknown members of a body \
    ignored, but not of objects inside it. Times are UTC. Errors are `{"detail": "…"}` or `{"field": ["…"]}`. The examples are true of the sample \
    tenant `umc` that `traksense dev` makes, in this order: made, changed, removed.
    """

  private static let tenant: DocumentValue = [
    "name": "tenant", "in": "query",
    "description": "Slug of the tenant, on hosts that name none: `umc`.",
    "schema": ["type": "string"],
  ]

  private var tags: DocumentValue {
    var tags: [DocumentValue] = [
      ["name": .text(OwnOperation.serverTag), "description": "The server itself."]
    ]
    for service in description.files.flatMap(\.services) {
      tags.append(
        .members([
          "name": .text(Self.tag(service.name)),
          "description": OpenAPISchemas.text(service.comment),
        ]))
    }
    return .array(tags)
  }

  /// `TelemetryQuery` for `TelemetryQueryService`.
  static func tag(_ service: some StringProtocol) -> String {
    String(service.hasSuffix("Service") ? service.dropLast("Service".count) : service[...])
  }

  private mutating func add(_ route: BridgeRoutes.Route) {
    let operation: DocumentValue
    switch route.target {
    case .page, .docs, .asset: return
    case .call(let call): operation = self.operation(call, at: route)
    case .health, .schema, .ingest, .latest, .history, .stream, .avatar, .media:
      guard let own = OwnOperation(route.target, route.path, &schemas, examples) else { return }
      operation = own.value(at: route, access)
    }
    let path = OpenAPILinks.path(of: route)
    let member = DocumentValue.Member(name: route.method.rawValue.lowercased(), value: operation)
    if let index = paths.firstIndex(where: { $0.path == path }) {
      paths[index].operations.append(member)
    } else {
      paths.append((path, [member]))
    }
  }

  // MARK: - RPCs

  private mutating func operation(
    _ call: TranscodedRoute, at route: BridgeRoutes.Route
  ) -> DocumentValue {
    let method = call.types.method
    let name = links.name(of: route)
    guard let described = methods[method.path] else { return [:] }
    let fields = schemas.fields(of: described.request)
    let access = access(method)
    var traits: OpenAPIErrors.Traits = []
    if call.binding.hasBody { traits.insert(.body) }
    if access != .open { traits.insert(.credentials) }
    let texts = [
      described.comment, access.note ?? "",
      name == method.method ? "" : "The same as the first path of `\(method.method)`.",
    ].filter { !$0.isEmpty }
    let example = examples.request(call, described)
    let query = Set(call.queryFields.keys)
    var parameters = fields.filter { call.pathFields.contains($0.name) }.map {
      Self.parameter($0, in: "path", example)
    }
    parameters += fields.filter { query.contains($0.name) }.map {
      Self.parameter($0, in: "query", example)
    }
    parameters.append(["$ref": "#/components/parameters/Tenant"])
    let answer = examples.answer(described, to: example, isPage: call.isPage)
    return .members([
      "operationId": .text(name),
      "summary": .text(Self.words(method.method)),
      "description": texts.isEmpty ? nil : .text(texts.joined(separator: "\n\n")),
      "tags": [.text(Self.tag(method.service.split(separator: ".").last ?? ""))],
      "parameters": .array(parameters),
      "requestBody": call.binding.hasBody ? body(call, fields, example) : nil,
      "responses": .object(
        [
          success(
            call, described.response, answer,
            links.links(from: route, answering: described.response, schemas))
        ] + OpenAPIErrors.responses(traits, described.errors)),
      "security": access.security,
    ])
  }

  private static func parameter(
    _ field: SchemaDescription.Field, in place: DocumentValue, _ example: DocumentValue
  ) -> DocumentValue {
    let isInPath = place == "path"
    let isRequired = isInPath || field.isRequired
    return .members([
      "name": .text(field.name), "in": place, "required": isRequired ? true : nil,
      "description": OpenAPISchemas.text(field.comment),
      "schema": isInPath ? FieldSchema(field).path : FieldSchema(field).query,
      "example": example[field.name],
    ])
  }

  private mutating func body(
    _ call: TranscodedRoute, _ fields: [SchemaDescription.Field], _ example: DocumentValue
  ) -> DocumentValue {
    // What changes only what is sent needs nothing.
    let isPartial = call.binding.verb == .patch
    var properties: [DocumentValue.Member] = []
    var required: [DocumentValue] = []
    var sent: [DocumentValue.Member] = []
    for field in fields {
      let isMask = call.hasUpdateMask && field.name == TranscodedRoute.updateMask
      guard !call.pathFields.contains(field.name), !isMask else { continue }
      properties.append(
        .init(name: field.name, value: schemas.ask(field, isChange: call.hasUpdateMask)))
      if field.isRequired, !isPartial { required.append(.text(field.name)) }
      if let value = example[field.name] { sent.append(.init(name: field.name, value: value)) }
    }
    let schema = DocumentValue.members([
      "type": "object", "properties": .object(properties),
      "required": required.isEmpty ? nil : .array(required),
    ])
    return [
      "required": .bool(!required.isEmpty),
      "content": ["application/json": ["schema": schema, "example": .object(sent)]],
    ]
  }

  private mutating func success(
    _ call: TranscodedRoute, _ response: String, _ example: DocumentValue, _ links: DocumentValue?
  ) -> DocumentValue.Member {
    let status = "\(call.successStatus)"
    guard call.successStatus != 204 else {
      return .init(name: status, value: ["description": "Done."])
    }
    let schema: DocumentValue
    var answer = example
    if let name = call.binding.responseField,
      let field = schemas.fields(of: response).first(where: { $0.name == name })
    {
      schema = schemas.answer(field)
      answer = example[name] ?? .null
    } else {
      schema = schemas.answer(response, isPage: call.isPage)
    }
    return .init(
      name: status,
      value: .members([
        "description": "Done.",
        "content": ["application/json": ["schema": schema, "example": answer]], "links": links,
      ]))
  }

  /// `List site assets` for `ListSiteAssets`.
  private static func words(_ name: String) -> String {
    var words = ""
    var before: Character = "A"
    for character in name {
      if character.isUppercase, before.isLowercase {
        words += " \(character)"
      } else {
        words.append(character)
      }
      before = character
    }
    let parts = words.split(separator: " ")
    return parts.enumerated().map { index, word in
      index == 0 || word.allSatisfy(\.isUppercase) ? String(word) : word.lowercased()
    }.joined(separator: " ")
  }
}
