// SPDX-License-Identifier: Apache-2.0

/// The one error that leaves a call: a status other than OK, with what the caller should know.
public struct RPCError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Never `.ok`.
  public var code: StatusCode
  /// For people; sent percent-encoded in `grpc-message`.
  public var message: String
  /// The request's fields that were wrong, when the code is about the request.
  public var violations: [FieldViolation]
  /// After how long the same call may succeed; set on transient failures.
  public var retryAfter: Duration?
  /// Trailing metadata that came, or is to go, with the status.
  public var metadata: Metadata

  /// - Parameter code: anything but `.ok`; `.ok` is taken as `.unknown`.
  public init(
    _ code: StatusCode, _ message: String, violations: [FieldViolation] = [],
    retryAfter: Duration? = nil, metadata: Metadata = Metadata()
  ) {
    self.code = code == .ok ? .unknown : code
    self.message = message
    self.violations = violations
    self.retryAfter = retryAfter
    self.metadata = metadata
  }

  /// Code and message, for logs.
  public var description: String { "\(code): \(message)" }
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
