// SPDX-License-Identifier: Apache-2.0
import Domain
import Synchronization

/// What the last snapshots of tenants' rollups said. Hours seldom become dirty or clean, so it is most often
/// what the next one will say: a reader may ask for everything at once and compare afterwards.
final class RollupMemory: Sendable {
  /// Beyond, all is forgotten: it is only a guess. Some 200 bytes each.
  private static let maxTenants = 10_000
  /// Tenants with more dirty hours, after a large import, are not remembered.
  private static let maxDirtyHours = 64

  private let snapshots = Mutex<[String: RollupSnapshot]>([:])

  /// - Returns: nil: nothing is known of this tenant.
  func guess(_ schema: TenantSchema, _ range: Range<Timestamp>) -> RollupSnapshot? {
    snapshots.withLock { $0[schema.identifier.name] }.map {
      RollupSnapshot(guessing: range, from: $0)
    }
  }

  func learn(_ snapshot: RollupSnapshot, of schema: TenantSchema, about range: Range<Timestamp>) {
    snapshots.withLock { known in
      if known.count >= Self.maxTenants { known.removeAll() }
      var all = known[schema.identifier.name] ?? RollupSnapshot()
      all.learn(snapshot, about: range)
      known[schema.identifier.name] = all.dirtyHours.count <= Self.maxDirtyHours ? all : nil
    }
  }
}
