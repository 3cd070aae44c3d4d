// SPDX-License-Identifier: Apache-2.0

import DedicatedThread

/// Standard input, read on a thread of its own: a read may block for ever.
actor StandardInput {
  private let thread: DedicatedThread

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe thread.asUnownedSerialExecutor()
  }

  init() throws {
    thread = try DedicatedThread(name: "stdin")
  }

  /// - Returns: the next line without its end; nil at the end of input.
  func nextLine() -> String? { readLine() }
}
