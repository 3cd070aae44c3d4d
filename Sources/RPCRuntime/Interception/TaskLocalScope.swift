// SPDX-License-Identifier: Apache-2.0

/// The rest of a call with a task-local value.
package struct TaskLocalScope<Value: Sendable>: CallScope {
  private let local: TaskLocal<Value>
  private let value: Value

  package init(_ local: TaskLocal<Value>, _ value: Value) {
    self.local = local
    self.value = value
  }

  package func run<Response: Sendable>(
    _ rest: () async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    try await local.withValue(value) {
      await Result { () async throws(RPCError) in try await rest() }
    }.get()
  }
}
