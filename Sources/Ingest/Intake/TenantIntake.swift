// SPDX-License-Identifier: Apache-2.0
import Domain

/// One tenant's part of a batch, from names to commit.
///
/// **When the database refuses for good** (`StoreError.failed`: a broken schema, a value it cannot hold):
/// an MQTT acknowledgement cannot be withheld for one message and given for the next, so that a batch that
/// is retried for ever would stop every tenant. The transaction is therefore halved until it goes through
/// or a single point is left, spending at most ``IngestLimits/maxIsolationCommits`` transactions; what
/// does not go through is kept with the unroutable points of the installation, with its payload, as
/// `store_failed`, to be replayed when the fault is mended. Points of callers are not kept: their caller
/// hears the error.
///
/// **When a sensor is deleted meanwhile** (`StoreError.outdated`), the points are judged anew: it is unknown by then.
struct TenantIntake: Sendable {
  let tenants: any TenantDirectory
  let catalogue: any SensorCatalogue
  let store: any ReadingStore
  let listener: any CommitListener
  let rules: ReadingRules
  let limits: IngestLimits
  let origin: Origin
  let receivedAt: Timestamp

  func accept(_ group: TenantGroup) async -> Result<Settled, StoreError> {
    do throws(StoreError) {
      return .success(try await settle(group))
    } catch {
      return .failure(error)
    }
  }

  private func settle(_ group: TenantGroup) async throws(StoreError) -> Settled {
    var tenant: Tenant?
    if let slug = TenantSlug(group.tenant) { tenant = try await tenants.tenant(slug: slug) }
    guard let tenant else {
      return Settled(
        unroutable: group.positions.map { Refused(position: $0, refusal: unknown($0)) })
    }
    var settled = Settled()
    settled.outcomes.reserveCapacity(group.positions.count)
    let judged: [Judged]
    do throws(StoreError) {
      judged = try await judge(group.positions, of: tenant)
    } catch {
      try setAside(group.positions, because: error, into: &settled)
      return settled
    }
    var budget = limits.maxIsolationCommits
    try await commit(judged[...], of: tenant, budget: &budget, into: &settled)
    return settled
  }

  /// An unreadable point keeps its own reason.
  private func unknown(_ position: PointPosition) -> Refusal {
    switch origin[position] {
    case .unreadable(_, let refusal): refusal
    case .reading(let reading):
      Refusal(.unknownTenant, field: "tenant", message: "there is no tenant '\(reading.tenant)'")
    }
  }

  // MARK: - Judging

  private struct Judged: Sendable {
    let position: PointPosition
    let verdict: Result<ValidReading, Refusal>
  }

  private func judge(
    _ positions: [PointPosition], of tenant: Tenant
  ) async throws(StoreError) -> [Judged] {
    var addresses: Set<SensorAddress> = []
    for position in positions {
      if case .reading(let reading) = origin[position],
        case .success(let address) = address(reading)
      {
        addresses.insert(address)
      }
    }
    let sensors =
      addresses.isEmpty ? [:] : try await catalogue.sensors(at: addresses, of: tenant)
    return positions.map { position in
      let verdict: Result<ValidReading, Refusal> =
        switch origin[position] {
        case .unreadable(_, let refusal): .failure(refusal)
        case .reading(let reading):
          address(reading).flatMap { check(reading, sensors[$0]) }
        }
      return Judged(position: position, verdict: verdict)
    }
  }

  private func address(_ reading: IncomingReading) -> Result<SensorAddress, Refusal> {
    guard let device = DeviceID(reading.deviceID) else {
      return .failure(Self.unknownDevice(reading))
    }
    guard let sensor = SensorID(reading.sensorID) else {
      return .failure(Self.unknownSensor(reading))
    }
    return .success(SensorAddress(device: device, sensor: sensor))
  }

  private func check(
    _ reading: IncomingReading, _ lookup: SensorLookup?
  ) -> Result<ValidReading, Refusal> {
    switch lookup {
    case .found(let sensor):
      Result { () throws(Refusal) in try rules.validate(reading, for: sensor, at: receivedAt) }
    case .unknownDevice: .failure(Self.unknownDevice(reading))
    case .unknownSensor, nil: .failure(Self.unknownSensor(reading))
    }
  }

  private static func unknownDevice(_ reading: IncomingReading) -> Refusal {
    Refusal(
      .unknownDevice, field: "device_id", message: "there is no device '\(reading.deviceID)'")
  }

  private static func unknownSensor(_ reading: IncomingReading) -> Refusal {
    Refusal(
      .unknownSensor, field: "sensor_id",
      message: "device '\(reading.deviceID)' has no sensor '\(reading.sensorID)'")
  }

  // MARK: - Committing

  private func commit(
    _ judged: ArraySlice<Judged>, of tenant: Tenant, budget: inout Int, into settled: inout Settled
  ) async throws(StoreError) {
    var readings: [ValidReading] = []
    var readingPositions: [PointPosition] = []
    var refused: [Refused] = []
    for item in judged {
      switch item.verdict {
      case .success(let reading):
        readings.append(reading)
        readingPositions.append(item.position)
      case .failure(let refusal):
        refused.append(Refused(position: item.position, refusal: refusal))
      }
    }
    let (kept, given) = origin.separate(refused)
    if !readings.isEmpty || !kept.isEmpty {
      let batch = TenantBatch(
        tenant: tenant, readings: readings, quarantined: kept.map(\.point), receivedAt: receivedAt)
      let receipt: CommitReceipt
      budget -= 1
      do throws(StoreError) {
        receipt = try await store.commit(batch)
      } catch .outdated where budget > 0 {
        let again = try await judge(judged.map(\.position), of: tenant)
        try await commit(again[...], of: tenant, budget: &budget, into: &settled)
        return
      } catch {
        // The answer may be lost while the commit is not.
        listener.commitUncertain(for: tenant)
        try await isolate(judged, of: tenant, after: error, budget: &budget, into: &settled)
        return
      }
      for (position, isNew) in zip(readingPositions, receipt.stored) {
        settled.outcomes.append((position, isNew ? .stored : .duplicate))
      }
      if let entry = receipt.entry {
        let stored = zip(readings, receipt.stored).filter(\.1).map(\.0)
        listener.committed(entry, readings: stored, tenant: tenant)
      }
    }
    for item in kept {
      settled.outcomes.append((item.position, .quarantined(item.point.refusal)))
    }
    for item in given { settled.outcomes.append((item.position, .refused(item.refusal))) }
  }

  /// Divides what the database refused, or sets it aside.
  private func isolate(
    _ judged: ArraySlice<Judged>, of tenant: Tenant, after error: StoreError,
    budget: inout Int, into settled: inout Settled
  ) async throws(StoreError) {
    guard case .failed = error, !judged.contains(where: { origin.isCall($0.position) }) else {
      throw error
    }
    guard judged.count > 1, budget > 0 else {
      try setAside(judged.map(\.position), because: error, into: &settled)
      return
    }
    let middle = judged.startIndex + judged.count / 2
    try await commit(judged[..<middle], of: tenant, budget: &budget, into: &settled)
    try await commit(judged[middle...], of: tenant, budget: &budget, into: &settled)
  }

  private func setAside(
    _ positions: [PointPosition], because error: StoreError, into settled: inout Settled
  ) throws(StoreError) {
    guard case .failed(let sqlState, _) = error, !positions.contains(where: origin.isCall) else {
      throw error
    }
    let refusal = Refusal(
      .storeFailed, field: "payload", message: "the tenant's store refused it (\(sqlState))")
    settled.unroutable += positions.map { position in
      if case .unreadable(_, let own) = origin[position] {
        return Refused(position: position, refusal: own)
      }
      return Refused(position: position, refusal: refusal)
    }
  }
}
