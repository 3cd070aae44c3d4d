// SPDX-License-Identifier: Apache-2.0

/// How a call ended. Numbers and names are gRPC's ("Status codes and their use in gRPC").
public enum StatusCode: UInt8, Hashable, Sendable, CaseIterable {
  /// The call did what it should.
  case ok = 0
  /// The caller ended the call.
  case cancelled = 1
  /// Something failed, and nobody says what.
  case unknown = 2
  /// The request is wrong, whatever state the server is in; ``RPCError/violations`` name its fields.
  case invalidArgument = 3
  /// The deadline passed. What the call should do may have been done, or be done later.
  case deadlineExceeded = 4
  /// What the request names does not exist.
  case notFound = 5
  /// What was to be made exists.
  case alreadyExists = 6
  /// The caller is known and may not do this.
  case permissionDenied = 7
  /// A limit is reached: of the caller's calls, or of the server. ``RPCError/retryAfter`` may say when to try again.
  case resourceExhausted = 8
  /// The system is not in the state that the call needs; trying again helps only when that was changed.
  case failedPrecondition = 9
  /// Another change came in between; the caller may read again and start over.
  case aborted = 10
  /// The request goes beyond what there is.
  case outOfRange = 11
  /// The server does not have this RPC, or not this compression.
  case unimplemented = 12
  /// A fault of the server, or of the protocol between both.
  case internalError = 13
  /// The server, or what it depends on, cannot be reached; trying again later helps.
  case unavailable = 14
  /// Data are lost or damaged for good.
  case dataLoss = 15
  /// The caller does not say who it is, or what it shows does not count.
  case unauthenticated = 16
}
