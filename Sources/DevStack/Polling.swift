// SPDX-License-Identifier: Apache-2.0
import Dispatch

/// Asks again and again until `condition` holds or `limit` has passed. Works in a cancelled task too, so
/// that what was started can always be stopped.
/// - Returns: whether the condition came to hold.
package func eventually(
  within limit: Duration = .seconds(60), every interval: Duration = .milliseconds(10),
  _ condition: () async throws -> Bool
) async rethrows -> Bool {
  let deadline = ContinuousClock.now.advanced(by: limit)
  while true {
    if try await condition() { return true }
    if ContinuousClock.now >= deadline { return false }
    await pause(interval)
  }
}

/// Lets time pass, cancelled or not.
private func pause(_ interval: Duration) async {
  let (seconds, attoseconds) = interval.components
  let nanoseconds = Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
  await withCheckedContinuation { continuation in
    DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) {
      continuation.resume()
    }
  }
}
