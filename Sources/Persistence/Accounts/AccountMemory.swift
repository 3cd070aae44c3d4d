// SPDX-License-Identifier: Apache-2.0
package import Domain

/// What this process remembers of sessions and API keys, so that most calls cost no statement. One for all
/// stores of accounts: whichever changes something makes all forget.
package final class AccountMemory: Sendable {
  /// How long a change that another process made may go unseen.
  package static let timeToLive: Duration = .seconds(2)
  /// Entries of each kind; some 5 MB.
  private static let capacity = 10_000

  struct GrantKey: Hashable, Sendable {
    let session: SessionID
    let tenant: Int64
  }

  /// A grant, and when its session ends.
  struct Grant: Sendable {
    let grant: SessionGrant
    let expiresAt: Timestamp
  }

  let grants: ShortMemory<GrantKey, Grant>
  let keys: ShortMemory<String, StoredAPIKey>

  package init(clock: WallClock) {
    grants = ShortMemory(capacity: Self.capacity, timeToLive: Self.timeToLive, clock: clock)
    keys = ShortMemory(capacity: Self.capacity, timeToLive: Self.timeToLive, clock: clock)
  }

  func forget() {
    grants.forget()
    keys.forget()
  }
}
