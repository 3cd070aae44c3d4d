// SPDX-License-Identifier: Apache-2.0

import RPCRuntime

// What follows stands in ARCHITECTURE.md too, word for word; a test compares them.
struct MaintenanceInterceptor: ServerInterceptor {
  let isOn: @Sendable () -> Bool

  func intercept<Response: Sendable>(
    _ context: ServerContext, _ next: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    if isOn() { throw RPCError(.unavailable, "back soon", retryAfter: .seconds(60)) }
    return try await next()
  }
}
