// SPDX-License-Identifier: Apache-2.0

import Testing

/// Waits until `condition` holds; records an issue when it does not within ten seconds.
func eventually(
  _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () async -> Bool
) async {
  let deadline = ContinuousClock.now + .seconds(10)
  while ContinuousClock.now < deadline {
    if await condition() { return }
    do { try await Task.sleep(for: .milliseconds(2)) } catch { break }
  }
  Issue.record(what, sourceLocation: sourceLocation)
}
