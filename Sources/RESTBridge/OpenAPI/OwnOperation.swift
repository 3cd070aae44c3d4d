// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import RPCRuntime
import TrakSenseAPI

/// What the OpenAPI document says of the routes that are made by hand.
struct OwnOperation {
  /// The tag of what is not about the API's things.
  static let serverTag = "Server"

  private let summary: DocumentValue
  private let description: DocumentValue
  /// The RPC behind it; nil: there is none.
  private let method: MethodDescriptor?
  private var parameters: [DocumentValue] = []
  private var body: DocumentValue?
  /// By status.
  private let success: [DocumentValue.Member]
  private var traits: OpenAPIErrors.Traits = []
  private var hasSharedErrors = true

  /// - Parameter target: of a route that is made by hand.
  /// - Returns: nil for others, and for pages.
  init?(
    _ target: BridgeRoutes.Target, _ path: String, _ schemas: inout OpenAPISchemas,
    _ examples: OpenAPIExamples
  ) {
    typealias Telemetry = TraksenseV1.TelemetryServiceMethods
    switch target {
    case .page, .docs, .asset, .call: return nil
    case .health:
      summary = "Health"
      description = "Whether what the server depends on is there."
      method = nil
      success = [
        Self.json("200", "All of it is.", OwnSchemas.health, OwnExamples.healthy),
        Self.json("503", "Some of it is not.", OwnSchemas.health, OwnExamples.unhealthy),
      ]
      hasSharedErrors = false
    case .schema:
      summary = "OpenAPI document"
      description = "This document. It has an `ETag`."
      method = nil
      success = [
        .init(
          name: "200",
          value: [
            "description": "The document.",
            "content": [
              .init(stringLiteral: SchemaRoute.contentType): ["schema": ["type": "object"]]
            ],
          ]),
        .init(name: "304", value: ["description": "It is what `If-None-Match` says."]),
      ]
    case .ingest:
      summary = "Ingest"
      description =
        "Readings in: one, an array of them, or an object with `readings`. The answer comes after they were committed."
      method = Telemetry.ingest
      body = [
        "required": true,
        "content": [
          "application/json": ["schema": OwnSchemas.ingest, "examples": OwnExamples.readings]
        ],
      ]
      success = [
        .init(
          name: "201",
          value: [
            "description": "All are stored, now or before.",
            "content": [
              "application/json": [
                "schema": OwnSchemas.ingested, "examples": OwnExamples.stored,
              ]
            ],
          ]),
        .init(
          name: "207",
          value: [
            "description": "Some were refused.",
            "content": [
              "application/json": ["schema": OwnSchemas.batch, "examples": OwnExamples.partial]
            ],
          ]),
      ]
      traits = [.body]
    case .latest:
      summary = "Latest"
      description = "The newest reading of each of a device's sensors."
      method = Telemetry.latest
      parameters = [
        Self.deviceID, Self.list("sensor_id", "None: all sensors.", OwnExamples.sensors),
      ]
      success = [
        Self.json(
          "200", "Done.", schemas.answer("LatestReadings"), examples.answer("LatestReadings"))
      ]
    case .history(let style):
      summary = "History"
      description =
        "The past of a device or an asset, ascending. With `format=csv`, or when CSV is accepted and JSON is not, a table with all rows."
      method = Telemetry.history
      parameters =
        [path.contains("{asset_tag}") ? Self.assetTag : Self.deviceID]
        + Self.historyQuery(schemas.fields(of: "HistoryRequest"))
      success = [
        .init(
          name: "200",
          value: [
            "description": "Done.",
            "content": [
              "application/json": [
                "schema": OwnSchemas.history(style, path, &schemas),
                "example": OwnExamples.history(style, path),
              ],
              "text/csv": ["schema": ["type": "string"], "example": OwnExamples.historyTable],
            ],
          ])
      ]
    case .stream:
      summary = "Live stream"
      description = """
        Readings as they are committed, as Server-Sent Events: `start`, then `series`, `reading`, `gap` and `end`. \
        A `reading` is an array of rows with device_id, sensor_id, sensor_type, value, unit and timestamp.
        """
      method = Telemetry.subscribe
      parameters = [
        Self.list("device_id", "None: all devices.", OwnExamples.devices),
        Self.list("sensor_id", "None: all sensors.", OwnExamples.sensors),
        Self.list("sensor_type", "None: all metric types.", OwnExamples.types),
      ]
      success = [
        .init(
          name: "200",
          value: [
            "description": "Events, until the caller goes.",
            "content": [
              "text/event-stream": ["schema": ["type": "string"], "example": OwnExamples.events]
            ],
          ])
      ]
    case .avatar:
      summary = "Upload avatar"
      description = "A picture in the file field `avatar`, at most 5 MiB: JPEG, PNG, GIF or WebP."
      method = TraksenseV1.AccountServiceMethods.uploadAvatar
      body = OwnSchemas.avatarBody
      success = [
        Self.json(
          "200", "Done.", schemas.answer("AvatarResponse"),
          examples.answer("AvatarResponse").map { $0.merged(with: OwnExamples.picture) })
      ]
      traits = [.body, .form]
    case .media:
      summary = "Media"
      description = "A file behind a signed URL, as other answers give it."
      method = TraksenseV1.MediaServiceMethods.fetch
      parameters = [
        [
          "name": "key", "in": "path", "required": true, "schema": ["type": "string"],
          "example": OwnExamples.mediaKey,
        ],
        [
          "name": "expires", "in": "query", "schema": ["type": "string"],
          "description": "Seconds since 1970.", "example": OwnExamples.mediaExpires,
        ],
        [
          "name": "signature", "in": "query", "schema": ["type": "string"],
          "example": OwnExamples.mediaSignature,
        ],
      ]
      success = [
        .init(
          name: "200",
          value: [
            "description": "The file.",
            "content": ["image/*": ["schema": ["type": "string", "contentEncoding": "binary"]]],
          ])
      ]
    }
    if method != nil, !traits.contains(.body) {
      parameters.append(["$ref": "#/components/parameters/Tenant"])
    }
  }

  /// The operation of a route.
  /// - Parameter access: what an RPC takes of its caller.
  func value(
    at route: BridgeRoutes.Route, _ access: (MethodDescriptor) -> RouteAccess
  ) -> DocumentValue {
    let access = method.map(access) ?? .open
    let service = method?.service.split(separator: ".").last
    let note = access.note.map { "\n\n\($0)" } ?? ""
    guard case .text(let text) = description else { return [:] }
    let traits = access == .open ? traits : traits.union(.credentials)
    return .members([
      "operationId": .text(Self.identifier(route)), "summary": summary,
      "description": .text(text + note),
      "tags": [.text(service.map { OpenAPIDocument.tag($0) } ?? Self.serverTag)],
      "parameters": parameters.isEmpty ? nil : .array(parameters),
      "requestBody": body,
      "responses": .object(success + (hasSharedErrors ? OpenAPIErrors.responses(traits, []) : [])),
      "security": access.security,
    ])
  }

  /// `getIngestLatestDeviceId` for `GET /ingest/latest/{device_id}`.
  private static func identifier(_ route: BridgeRoutes.Route) -> String {
    let words = route.path.split { !$0.isLetter }
    return route.method.rawValue.lowercased()
      + words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  private static func json(
    _ status: String, _ text: DocumentValue, _ schema: DocumentValue, _ example: DocumentValue?
  ) -> DocumentValue.Member {
    let content = DocumentValue.members(["schema": schema, "example": example])
    return .init(
      name: status,
      value: ["description": text, "content": ["application/json": content]])
  }

  private static let deviceID: DocumentValue = [
    "name": "device_id", "in": "path", "required": true, "schema": ["type": "string"],
    "description": "The name under which the device sends its readings.", "example": "ESP32-01",
  ]

  private static let assetTag: DocumentValue = [
    "name": "asset_tag", "in": "path", "required": true, "schema": ["type": "string"],
    "description": "In any case.", "example": "CH-001",
  ]

  private static func list(
    _ name: DocumentValue, _ text: DocumentValue, _ example: DocumentValue
  ) -> DocumentValue {
    [
      "name": name, "in": "query", "description": text, "example": example,
      "schema": [
        "type": "array", "items": ["type": "string", "minLength": 1, "maxLength": 200],
      ],
    ]
  }

  /// The query of a history is the RPC's request, but for whose history it is, and its form.
  private static func historyQuery(_ fields: [SchemaDescription.Field]) -> [DocumentValue] {
    let query = fields.filter { !["device_id", "asset_tag"].contains($0.name) }.map { field in
      DocumentValue.members([
        "name": .text(field.name), "in": "query",
        "description": OpenAPISchemas.text(field.comment),
        "schema": OwnSchemas.historyParameter(field) ?? FieldSchema(field).query,
        "example": OwnExamples.historyQuery[field.name],
      ])
    }
    return query + [
      [
        "name": "format", "in": "query", "schema": ["type": "string", "enum": ["json", "csv"]],
        "example": "json",
      ]
    ]
  }
}
