// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime

/// Lets the stores know until when a call's answer is of use: its deadline becomes the task's
/// ``CallDeadline``, and the statements' timeout from there.
package struct DeadlineInterceptor: ServerInterceptor {
  package init() {}

  package func intercept<Response: Sendable>(
    _ context: ServerContext, _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    guard let rest = context.timeRemaining else { return try await next() }
    let result: Result<Response, RPCError> =
      await CallDeadline.$current.withValue(.now.advanced(by: rest)) {
        do throws(RPCError) { return .success(try await next()) } catch { return .failure(error) }
      }
    return try result.get()
  }
}
