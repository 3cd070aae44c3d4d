// SPDX-License-Identifier: Apache-2.0

/// Work whose memory is given back when it is done.
package enum ChildTask {
  /// Runs something in a child task. A task keeps the memory of its deepest chain of frames, in slabs of about
  /// 1,000 bytes, until it ends: what sets a stream up would cost that as long as the stream lives.
  /// - Throws: what `body` throws.
  @inline(never)
  package static func run<Value: Sendable>(
    _ body: @escaping @Sendable () async throws(RPCError) -> Value
  ) async throws(RPCError) -> Value {
    let result = await withTaskGroup(of: Result<Value, RPCError>.self) { group in
      group.addImmediateTask { await Result(catching: body) }
      return await group.next()
    }
    guard let result else { throw RPCError(.cancelled, "the call is over") }
    return try result.get()
  }
}
