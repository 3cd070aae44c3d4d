// SPDX-License-Identifier: Apache-2.0

/// The one error that leaves a call: a status other than OK, with what the caller should know.
public struct RPCError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Never `.ok`.
  public var code: StatusCode
  /// For people; sent percent-encoded in `grpc-message`.
  public var message: String
  /// Trailing metadata that came, or is to go, with the status.
  public var metadata: Metadata
  /// One element or, when there is nothing to say, none: most errors have no details, and an error's size is
  /// part of the frame of every function that can throw it.
  private var boxedDetails: [ErrorDetails] = []

  /// - Parameters:
  ///   - code: anything but `.ok`; `.ok` is taken as `.unknown`.
  ///   - message: for people.
  ///   - violations: the request's fields that were wrong.
  ///   - retryAfter: after how long the same call may succeed.
  ///   - metadata: goes with the status.
  public init(
    _ code: StatusCode, _ message: String, violations: [FieldViolation] = [],
    retryAfter: Duration? = nil, metadata: Metadata = Metadata()
  ) {
    self.code = code == .ok ? .unknown : code
    self.message = message
    self.metadata = metadata
    if !violations.isEmpty || retryAfter != nil {
      boxedDetails = [ErrorDetails(violations: violations, retryAfter: retryAfter)]
    }
  }

  /// What programs can read of why the call failed.
  public var details: ErrorDetails {
    get { boxedDetails.first ?? ErrorDetails() }
    set { boxedDetails = newValue.isEmpty ? [] : [newValue] }
  }

  /// The request's fields that were wrong, when the code is about the request.
  public var violations: [FieldViolation] {
    get { details.violations }
    set { details.violations = newValue }
  }

  /// After how long the same call may succeed; set on transient failures.
  public var retryAfter: Duration? {
    get { details.retryAfter }
    set { details.retryAfter = newValue }
  }

  /// Code and message, for logs.
  public var description: String { "\(code): \(message)" }
}
