// SPDX-License-Identifier: Apache-2.0

/// Examples of the routes that are made by hand, about the sample tenant.
enum OwnExamples {
  private static let device: DocumentValue = "ESP32-01"
  private static let sensor: DocumentValue = "temp_001"
  private static let time = OpenAPIExamples.instant
  private static let value = DocumentValue.number("6.9")

  static let healthy: DocumentValue = ["db": true, "mqtt": true, "healthy": true]
  static let unhealthy: DocumentValue = ["db": false, "mqtt": true, "healthy": false]

  static let devices: DocumentValue = [device]
  static let sensors: DocumentValue = [sensor]
  static let types: DocumentValue = ["temp_supply"]

  // MARK: - Ingest

  private static let reading: DocumentValue = [
    "device_id": device, "sensor_id": sensor, "value": value, "unit": "°C", "timestamp": time,
  ]

  /// Bodies by name; the answers have the same names.
  static let readings: DocumentValue = [
    "one": ["summary": "One reading", "value": reading],
    "list": [
      "summary": "Several, one of them in a wrong unit",
      "value": [
        "readings": [
          reading,
          [
            "device_id": device, "sensor_id": "temp_002", "value": .number("53.2"), "unit": "°F",
            "timestamp": time,
          ],
        ]
      ],
    ],
  ]

  static let stored: DocumentValue = ["one": ["value": result("stored", sensor)]]

  static let partial: DocumentValue = [
    "list": [
      "value": [
        "status": "partial", "stored": 0, "duplicates": 1, "refused": 1,
        "results": [
          result("duplicate", sensor),
          result("refused", "temp_002").with([
            "reason": "unit_mismatch", "field": "unit",
            "message": "Unit mismatch: sensor temp_002 measures in '°C'",
          ]),
        ],
      ]
    ]
  ]

  private static func result(_ status: DocumentValue, _ sensor: DocumentValue) -> DocumentValue {
    ["status": status, "device_id": device, "sensor_id": sensor, "timestamp": time]
  }

  // MARK: - Readings

  private static let from: DocumentValue = "2026-06-01T00:00:00Z"
  private static let to: DocumentValue = "2026-06-02T00:00:00Z"

  static let historyQuery: DocumentValue = [
    "sensor_id": sensors, "from": from, "to": to, "interval": "raw", "limit": 500,
  ]

  static func history(_ style: HistoryStyle, _ path: String) -> DocumentValue {
    let subject: [DocumentValue.Member] = [
      path.contains("{asset_tag}")
        ? .init(name: "asset_tag", value: "CH-001") : .init(name: "device_id", value: device)
    ]
    let row: DocumentValue
    var sensorIDs: [DocumentValue.Member] = []
    switch style {
    case .plain:
      row = [
        "timestamp": time, "sensor_id": sensor, "sensor_type": "temp_supply", "value": value,
        "unit": "°C", "device_id": device,
      ]
    case .client:
      row = ["ts": time, "device_id": device, "sensor_id": sensor, "value": value, "unit": "°C"]
      sensorIDs = [.init(name: "sensor_ids", value: sensors)]
    }
    return .object(subject + sensorIDs).with([
      "interval": "raw", "from": from, "to": to, "data": [row], "count": 1, "truncated": false,
      "next_cursor": .null,
    ])
  }

  static let historyTable: DocumentValue =
    "timestamp,device_id,sensor_id,sensor_type,unit,value\r\n\(text(time)),ESP32-01,temp_001,temp_supply,°C,6.9\r\n"

  static let events: DocumentValue = """
    event: reading
    data: [{"device_id":"ESP32-01","sensor_id":"temp_001","sensor_type":"temp_supply","value":6.9,"unit":"°C",\
    "timestamp":"\(text(time))"}]


    """

  private static func text(_ value: DocumentValue) -> String {
    if case .text(let text) = value { text } else { "" }
  }

  // MARK: - Pictures

  private static let pictureAddress: DocumentValue =
    "http://umc.localhost:8000/api/media/\(text(mediaKey))?expires=\(text(mediaExpires))&signature=\(text(mediaSignature))"

  static let picture: DocumentValue = [
    "user": ["avatar": pictureAddress], "avatar": pictureAddress,
    "message": "The picture is saved.",
  ]

  static let mediaKey: DocumentValue = "avatars/7b0f4c1e-2a57-4d0c-9f3e-5c1d8e6a9b24.jpg"
  static let mediaExpires: DocumentValue = "1780318800"
  static let mediaSignature: DocumentValue = "SIGNATURE-OF-THE-LINK"
}
