// SPDX-License-Identifier: Apache-2.0
import DevStack
package import Testing

/// Waits for what another task or process brings about. The default limit is far beyond what anything takes on
/// a slow machine: it costs time only where a test fails.
/// - Throws: having recorded an issue, when `condition` does not hold within `limit`.
package func eventually(
  _ what: Comment, within limit: Duration = .seconds(60),
  sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
  let holds = try await eventually(within: limit, every: .milliseconds(5), condition)
  try #require(holds, what, sourceLocation: sourceLocation)
}
