// SPDX-License-Identifier: Apache-2.0

package import Domain
import Synchronization

/// How often something may happen in a window of time, for each of many names: client addresses, mail
/// addresses. Remembers a bounded number of names; beyond, those are forgotten whose window began first.
package final class CallThrottle: Sendable {
  /// Names kept. Default 10,000: about a megabyte.
  package static let capacity = 10_000

  private struct Window {
    var start: Timestamp
    var count: Int
  }

  private let limit: Int
  private let window: Duration
  private let capacity: Int
  private let windows = Mutex<[String: Window]>([:])

  /// - Parameters:
  ///   - limit: how often in a window.
  ///   - window: counted from the first time.
  package init(limit: Int, window: Duration, capacity: Int = CallThrottle.capacity) {
    self.limit = limit
    self.window = window
    self.capacity = capacity
  }

  /// Names kept.
  package var count: Int { windows.withLock { $0.count } }

  /// Counts one.
  /// - Returns: nil when it may happen, else after how long it may.
  package func enter(_ name: String, at now: Timestamp) -> Duration? {
    windows.withLock { windows in
      if let open = windows[name], now < open.start.advanced(by: window) {
        guard open.count < limit else { return open.start.advanced(by: window).since(now) }
        windows[name] = Window(start: open.start, count: open.count + 1)
        return nil
      }
      if windows[name] == nil, windows.count >= capacity { forget(&windows, at: now) }
      windows[name] = Window(start: now, count: 1)
      return nil
    }
  }

  /// Makes room: of whoever is over, and if nobody is, of the older half. Every so many calls only.
  private func forget(_ windows: inout [String: Window], at now: Timestamp) {
    windows = windows.filter { now < $0.value.start.advanced(by: window) }
    guard windows.count >= capacity else { return }
    let starts = windows.values.map(\.start).sorted()
    let middle = starts[starts.count / 2]
    windows = windows.filter { $0.value.start > middle }
  }
}
