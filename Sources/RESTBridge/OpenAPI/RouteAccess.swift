// SPDX-License-Identifier: Apache-2.0

/// What a route takes of its caller, as the OpenAPI document says it.
package enum RouteAccess: Hashable, Sendable {
  /// Nothing: credentials are not looked at.
  case open
  /// A session.
  case person
  /// A session, an API key or a service with at least this role.
  case member(role: String)
  /// Whatever may send readings.
  case ingest
  /// Nobody may.
  case nobody

  /// For people; nil: there is nothing to say.
  var note: String? {
    switch self {
    case .open: nil
    case .person: "Needs a session; API keys have none."
    case .member(role: "viewer"): "For every member, and API keys that read."
    case .member(let role): "For members with the role \(role) or above."
    case .ingest: "For keys and tokens that may send readings, and members who may write."
    case .nobody: "Refused to everybody."
    }
  }

  /// The `security` of an operation: any one of these.
  var security: DocumentValue {
    switch self {
    case .open: []
    case .person, .nobody: .array(Self.session)
    case .member: .array(Self.session + [["apiKey": []]])
    case .ingest: .array(Self.session + [["apiKey": []], ["deviceToken": []]])
    }
  }

  private static let session: [DocumentValue] = [["cookie": []], ["bearer": []]]

  /// `components.securitySchemes`.
  static let schemes: DocumentValue = [
    "cookie": [
      "type": "apiKey", "in": "cookie", "name": "access_token",
      "description":
        "Set by signing in. Requests that change something also need an `Origin` or `Referer` of the same host.",
    ],
    "bearer": [
      "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
      "description": "An access token, or an API key.",
    ],
    "apiKey": [
      "type": "apiKey", "in": "header", "name": "X-Api-Key",
      "description": "Made by `POST /tenant/api-keys/`, for reading, ingest or administration.",
    ],
    "deviceToken": [
      "type": "apiKey", "in": "header", "name": "X-Device-Token",
      "description": "A key that sends readings, as devices show it.",
    ],
  ]
}
