// SPDX-License-Identifier: Apache-2.0

import TrakSenseAPI

/// The bodies of the routes that are made by hand.
enum OwnSchemas {
  static let health = object([
    ("db", ["type": "boolean", "description": "The database answers."]),
    ("mqtt", ["type": "boolean", "description": "The connection to the MQTT broker stands."]),
    ("healthy", ["type": "boolean"]),
  ])

  private static let text: DocumentValue = ["type": "string"]
  private static let count: DocumentValue = ["type": "integer", "minimum": 0]
  private static let time: DocumentValue = ["type": ["string", "null"], "format": "date-time"]

  private static func object(_ properties: [(String, DocumentValue)]) -> DocumentValue {
    [
      "type": "object",
      "properties": .object(properties.map { .init(name: $0.0, value: $0.1) }),
      "required": .array(properties.map { .text($0.0) }),
    ]
  }

  private static func array(of items: DocumentValue) -> DocumentValue {
    ["type": "array", "items": items]
  }

  // MARK: - Ingest

  private static let reading = object([
    ("device_id", ["type": "string", "minLength": 1]),
    ("sensor_id", ["type": "string", "minLength": 1]), ("value", ["type": "number"]),
    ("unit", ["type": "string", "description": "As the sensor has it."]),
    (
      "timestamp",
      [
        "type": ["string", "number"],
        "description": "RFC 3339 with zone, or Unix time in seconds or milliseconds.",
      ]
    ),
  ])

  static let ingest: DocumentValue = [
    "anyOf": [
      reading,
      ["type": "array", "items": reading, "minItems": 1],
      [
        "type": "object", "required": ["readings"],
        "properties": ["readings": ["type": "array", "items": reading, "minItems": 1]],
      ],
    ]
  ]

  private static let result: DocumentValue = [
    "type": "object", "required": ["status"],
    "properties": [
      "status": ["type": "string", "enum": ["stored", "duplicate", "refused"]],
      "device_id": text, "sensor_id": text, "timestamp": time, "reason": text, "field": text,
      "message": text,
    ],
  ]

  /// What became of a list of readings.
  static let batch = object([
    ("status", ["type": "string", "enum": ["stored", "partial"]]), ("stored", count),
    ("duplicates", count), ("refused", count), ("results", array(of: result)),
  ])

  static let ingested: DocumentValue = ["anyOf": [result, batch]]

  // MARK: - History

  /// A history's JSON form.
  static func history(
    _ style: HistoryStyle, _ path: String, _ schemas: inout OpenAPISchemas
  ) -> DocumentValue {
    let rows: [String]
    switch style {
    case .plain: rows = ["HistoryRow", "HistoryBucketRow"]
    case .client: rows = ["TelemetryRow", "TelemetryBucketRow"]
    }
    var row: [DocumentValue] = []
    for name in rows { row.append(schemas.answer(name)) }
    var properties = [(path.contains("{asset_tag}") ? "asset_tag" : "device_id", text)]
    if case .client = style {
      properties.append(
        (
          "sensor_ids",
          ["type": ["array", "null"], "items": text, "description": "As asked for; null: all."]
        ))
    }
    properties += [
      ("interval", ["type": "string", "description": "`auto` resolved."]), ("from", time),
      ("to", time), ("data", array(of: ["anyOf": .array(row)])), ("count", count),
      ("truncated", ["type": "boolean", "description": "There are more rows than `limit`."]),
      (
        "next_cursor",
        ["type": ["string", "null"], "description": "Where the rest begins; null: that was all."]
      ),
    ]
    return object(properties)
  }

  /// A parameter of a history that may be less than its field says.
  static func historyParameter(_ field: SchemaDescription.Field) -> DocumentValue? {
    switch field.name {
    case "interval": ["type": "string", "enum": ["auto", "raw", "1m", "5m", "15m", "1h", "1d"]]
    case "limit": ["type": "integer", "minimum": 1, "maximum": 100_000]
    case "downsample": ["type": "string", "enum": ["lttb"]]
    case "points": ["type": "integer", "minimum": 3, "maximum": 10_000]
    default: nil
    }
  }

  // MARK: - Pictures

  static let avatarBody: DocumentValue = [
    "required": true,
    "content": [
      "multipart/form-data": [
        "schema": [
          "type": "object", "required": ["avatar"],
          "properties": ["avatar": ["type": "string", "contentMediaType": "image/*"]],
        ]
      ]
    ],
  ]
}
