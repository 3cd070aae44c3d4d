// SPDX-License-Identifier: Apache-2.0

/// What programs can read of why a call failed, beside its status. Sent as `google.rpc.Status` in
/// `grpc-status-details-bin` by those who know that message.
public struct ErrorDetails: Hashable, Sendable {
  /// The request's fields that were wrong (`google.rpc.BadRequest`).
  public var violations: [FieldViolation]
  /// After how long the same call may succeed (`google.rpc.RetryInfo`).
  public var retryAfter: Duration?
  /// Why, as a constant (`google.rpc.ErrorInfo`).
  public var reason: ErrorReason?
  /// What the call was about (`google.rpc.ResourceInfo`).
  public var resource: ErrorResource?

  /// - Parameters:
  ///   - violations: the request's fields that were wrong.
  ///   - retryAfter: after how long the same call may succeed.
  ///   - reason: why, as a constant.
  ///   - resource: what the call was about.
  public init(
    violations: [FieldViolation] = [], retryAfter: Duration? = nil, reason: ErrorReason? = nil,
    resource: ErrorResource? = nil
  ) {
    self.violations = violations
    self.retryAfter = retryAfter
    self.reason = reason
    self.resource = resource
  }

  /// True when nothing is said.
  public var isEmpty: Bool {
    violations.isEmpty && retryAfter == nil && reason == nil && resource == nil
  }
}

/// One wrong field of a request (`google.rpc.BadRequest.FieldViolation`).
public struct FieldViolation: Hashable, Sendable {
  /// Path of the field by its .proto names: `readings[0].unit`.
  public var field: String
  /// What is wrong with it.
  public var description: String

  /// - Parameters:
  ///   - field: path by .proto names.
  ///   - description: for people.
  public init(field: String, description: String) {
    self.field = field
    self.description = description
  }
}

/// Why a call failed, as a constant that programs compare (`google.rpc.ErrorInfo`).
public struct ErrorReason: Hashable, Sendable {
  /// In capitals, unique within the domain: `API_KEY_MISSING`.
  public var reason: String
  /// Who defines the reason: `traksense`.
  public var domain: String
  /// What the reason is about, by name.
  public var metadata: [String: String]

  /// - Parameters:
  ///   - reason: in capitals, unique within the domain.
  ///   - domain: who defines the reason.
  ///   - metadata: what the reason is about, by name.
  public init(_ reason: String, domain: String, metadata: [String: String] = [:]) {
    self.reason = reason
    self.domain = domain
    self.metadata = metadata
  }
}

/// The resource that a call was about (`google.rpc.ResourceInfo`).
public struct ErrorResource: Hashable, Sendable {
  /// Kind of the resource: `sensor`.
  public var type: String
  /// The resource's name.
  public var name: String
  /// Who owns it; may be empty.
  public var owner: String
  /// For people.
  public var description: String

  /// - Parameters:
  ///   - type: kind of the resource.
  ///   - name: the resource's name.
  ///   - owner: who owns it.
  ///   - description: for people.
  public init(type: String, name: String, owner: String = "", description: String = "") {
    self.type = type
    self.name = name
    self.owner = owner
    self.description = description
  }
}
