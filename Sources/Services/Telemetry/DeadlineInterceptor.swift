// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime

/// Lets the stores know until when a call's answer is of use: its deadline becomes the task's
/// ``CallDeadline``, and the statements' timeout from there.
package struct DeadlineInterceptor: CallBracket {
  package init() {}

  package func scope(_ context: ServerContext) -> (any CallScope)? {
    context.timeRemaining.map { DeadlineScope(deadline: .now.advanced(by: $0)) }
  }
}

private struct DeadlineScope: CallScope {
  let deadline: ContinuousClock.Instant

  func run<Response: Sendable>(
    _ rest: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    let result: Result<Response, RPCError> =
      await CallDeadline.$current.withValue(deadline) {
        do throws(RPCError) { return .success(try await rest()) } catch { return .failure(error) }
      }
    return try result.get()
  }
}
