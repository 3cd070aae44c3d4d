// SPDX-License-Identifier: Apache-2.0

public import RPCRuntime

/// Sends what an error says beside its status, wrong fields for one, as `google.rpc.Status` in the trailer
/// `grpc-status-details-bin`, where gRPC libraries look for it. Put it first, so that it sees what other
/// interceptors throw. Calls within the process get the error itself.
public struct ErrorDetailsInterceptor: CallBracket {
  /// Has no settings.
  public init() {}

  /// See `CallBracket`.
  public func end(_ context: ServerContext, _ error: RPCError?) -> RPCError? {
    context.isInProcess ? error : error?.withEncodedDetails
  }
}
