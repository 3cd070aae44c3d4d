// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Runs tasks on an event loop: a call's code stays on the thread that owns its connection.
final class LoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) {
    self.loop = loop
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute {
      unsafe job.runSynchronously(on: self.asUnownedTaskExecutor())
    }
  }
}
