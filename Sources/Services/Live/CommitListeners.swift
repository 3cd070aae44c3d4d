// SPDX-License-Identifier: Apache-2.0

package import Domain

/// Tells several about each commit, in order.
package struct CommitListeners: CommitListener {
  private let listeners: [any CommitListener]

  package init(_ listeners: [any CommitListener]) {
    self.listeners = listeners
  }

  package func committed(_ entry: JournalEntry, readings: [ValidReading], tenant: Tenant) {
    for listener in listeners { listener.committed(entry, readings: readings, tenant: tenant) }
  }

  package func commitUncertain(for tenant: Tenant) {
    for listener in listeners { listener.commitUncertain(for: tenant) }
  }
}
