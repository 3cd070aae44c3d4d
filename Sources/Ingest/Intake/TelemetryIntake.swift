// SPDX-License-Identifier: Apache-2.0
package import Domain

/// The way in for readings: finds tenants and sensors, applies the rules, commits one transaction per
/// tenant and batch, and announces what was committed.
///
/// Tenants run beside each other, at most ``IngestLimits/maxConcurrentTenants`` at a time, and are all
/// brought to their end even when one fails: its failure loses nothing of the others', whose points will
/// be duplicates when the batch comes again. A tenant whose database refuses for good does not hold the
/// others up for ever: see ``TenantIntake``.
package struct TelemetryIntake: ReadingIntake {
  private let tenants: any TenantDirectory
  private let catalogue: any SensorCatalogue
  private let store: any ReadingStore
  private let listener: any CommitListener
  private let rules: ReadingRules
  private let limits: IngestLimits
  private let clock: WallClock

  package init(
    tenants: any TenantDirectory, catalogue: any SensorCatalogue, store: any ReadingStore,
    listener: any CommitListener, rules: ReadingRules = ReadingRules(),
    limits: IngestLimits = IngestLimits(), clock: WallClock
  ) {
    self.tenants = tenants
    self.catalogue = catalogue
    self.store = store
    self.listener = listener
    self.rules = rules
    self.limits = limits
    self.clock = clock
  }

  package func accept(_ deliveries: [Delivery]) async throws(StoreError) -> [[PointOutcome]] {
    let origin = Origin(deliveries: deliveries, limits: limits)
    let groups = Self.grouped(deliveries)
    let receivedAt = clock.now()
    var outcomes: [[PointOutcome?]] = deliveries.map {
      Array(repeating: nil, count: $0.points.count)
    }
    var unroutable: [Refused] = []
    var failure: StoreError?

    let results = await run(groups, origin, receivedAt)
    for result in results {
      switch result {
      case .success(let settled):
        for (position, outcome) in settled.outcomes {
          outcomes[position.delivery][position.point] = outcome
        }
        unroutable += settled.unroutable
      case .failure(let error):
        // The one that will not go away is the one to hear of.
        if failure == nil || !error.isTransient { failure = error }
      }
    }

    // All of it comes again: what is kept now would be kept twice.
    if let failure { throw failure }
    let (kept, refused) = origin.separate(unroutable)
    if !kept.isEmpty { try await store.keepUnroutable(kept.map(\.point)) }
    for item in kept {
      outcomes[item.position.delivery][item.position.point] = .quarantined(item.point.refusal)
    }
    for item in refused {
      outcomes[item.position.delivery][item.position.point] = .refused(item.refusal)
    }
    return try outcomes.map { (points) throws(StoreError) in
      try points.map { (outcome) throws(StoreError) in
        guard let outcome else {
          throw StoreError.failed(sqlState: "XX000", "a point of the batch was left unsettled")
        }
        return outcome
      }
    }
  }

  /// Every tenant's part of the batch, a few at a time.
  private func run(
    _ groups: [TenantGroup], _ origin: Origin, _ receivedAt: Timestamp
  ) async -> [Result<Settled, StoreError>] {
    let intake = TenantIntake(
      tenants: tenants, catalogue: catalogue, store: store, listener: listener, rules: rules,
      limits: limits, origin: origin, receivedAt: receivedAt)
    if groups.count == 1 { return [await intake.accept(groups[0])] }
    return await withTaskGroup(of: Result<Settled, StoreError>.self) { tasks in
      var results: [Result<Settled, StoreError>] = []
      var next = 0
      while next < min(limits.maxConcurrentTenants, groups.count) {
        let group = groups[next]
        tasks.addTask { await intake.accept(group) }
        next += 1
      }
      while let result = await tasks.next() {
        results.append(result)
        guard next < groups.count else { continue }
        let group = groups[next]
        tasks.addTask { await intake.accept(group) }
        next += 1
      }
      return results
    }
  }

  private static func grouped(_ deliveries: [Delivery]) -> [TenantGroup] {
    var groups: [TenantGroup] = []
    var indices: [String: Int] = [:]
    for (delivery, content) in deliveries.enumerated() {
      for (point, value) in content.points.enumerated() {
        let position = PointPosition(delivery: delivery, point: point)
        let tenant = value.tenant
        if let index = indices[tenant] {
          groups[index].positions.append(position)
        } else {
          indices[tenant] = groups.count
          groups.append(TenantGroup(tenant: tenant, positions: [position]))
        }
      }
    }
    return groups
  }
}
