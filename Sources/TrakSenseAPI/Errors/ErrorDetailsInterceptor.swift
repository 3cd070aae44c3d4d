// SPDX-License-Identifier: Apache-2.0

public import RPCRuntime

/// Sends what an error says beside its status, wrong fields for one, as `google.rpc.Status` in the trailer
/// `grpc-status-details-bin`, where gRPC libraries look for it. Put it first, so that it sees what other
/// interceptors throw. Calls within the process get the error itself.
public struct ErrorDetailsInterceptor: ServerInterceptor {
  /// Has no settings.
  public init() {}

  /// See `ServerInterceptor`.
  public func intercept<Response: Sendable>(
    _ context: ServerContext, _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    do throws(RPCError) {
      return try await next()
    } catch {
      throw context.peer == "in-process" ? error : error.withEncodedDetails
    }
  }
}
