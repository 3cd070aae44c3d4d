// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle

/// Work that goes on until the program is asked to stop, and is cancelled then.
struct BackgroundService: NamedService {
  private let work: @Sendable () async -> Void

  /// - Parameter work: returns when it is cancelled.
  init(_ work: @escaping @Sendable () async -> Void) {
    self.work = work
  }

  func run() async throws {
    await cancelWhenGracefulShutdown { await work() }
  }
}
