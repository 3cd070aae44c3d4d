// SPDX-License-Identifier: Apache-2.0

import Domain
package import Logging
import RPCRuntime

/// Ends open streams of callers who no longer count: whose session, membership or key has ended, whose role
/// no longer reaches, whose tenant is suspended. Unary calls are asked each time; a stream would go on for
/// as long as it likes.
///
/// Each pass asks once for each session or key, however many streams it has. When the database does not
/// answer, streams go on: they were let in, and nobody knows better.
package struct StreamSweeper: Sendable {
  private let gate: CallGate
  private let interval: Duration
  private let logger: Logger

  /// - Parameters:
  ///   - gate: let the streams in.
  ///   - interval: between two passes. Default 10 s.
  ///   - logger: hears of passes that could not be made.
  package init(_ gate: CallGate, interval: Duration = .seconds(10), logger: Logger) {
    self.gate = gate
    self.interval = interval
    self.logger = logger
  }

  /// Works until the task is cancelled.
  package func run() async {
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: interval)
      } catch {
        return
      }
      await sweep()
    }
  }

  /// One pass.
  package func sweep() async {
    for grounds in gate.streams.grounds {
      if Task.isCancelled { return }
      do throws(StoreError) {
        if let error = try await gate.verdict(on: grounds) {
          gate.streams.end(grounds, with: error)
        }
      } catch {
        if error != .cancelled {
          logger.warning("open streams not checked", metadata: ["error": "\(error)"])
        }
        return
      }
    }
  }
}
