// SPDX-License-Identifier: Apache-2.0
import DevStack
import Testing

@testable import Persistence

/// Returns when a statement whose text is LIKE the pattern sleeps or waits for a lock in the database.
func waitForStatement(_ pattern: String, in database: TestDatabase) async throws {
  let isRunning = try await eventually(every: .milliseconds(2)) {
    try await database.integer(
      """
      SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND query LIKE '%\(pattern)%' AND state = 'active'
        AND wait_event_type IN ('Timeout', 'Lock')
      """) != 0
  }
  try #require(isRunning, "the statement never started")
}
