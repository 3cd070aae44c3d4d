// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension TelemetryService {
  package func ingest(
    _ request: TraksenseV1.IngestRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.IngestResponse {
    guard !request.readings.isEmpty else { throw .invalid("readings", FieldProblems.isRequired) }
    guard request.readings.count <= limits.maxIngestReadings else {
      throw .invalid(
        "readings", "Ensure this field has no more than \(limits.maxIngestReadings) points.")
    }
    let tenant = try await tenant(of: context, named: request.tenant)
    let points = request.readings.map { IncomingPoint($0, tenant: tenant.slug.rawValue) }
    let outcomes = try await accept(points, context)
    var response = TraksenseV1.IngestResponse()
    response.results.reserveCapacity(outcomes.count)
    for outcome in outcomes {
      switch outcome {
      case .stored:
        response.stored += 1
        response.results.append(TraksenseV1.IngestResult(outcome: .stored))
      case .duplicate:
        response.duplicates += 1
        response.results.append(TraksenseV1.IngestResult(outcome: .duplicate))
      case .refused(let refusal), .quarantined(let refusal):
        response.refused += 1
        response.results.append(TraksenseV1.IngestResult(refusal))
      }
    }
    if Int(response.refused) == outcomes.count { throw allRefused(outcomes) }
    return response
  }

  /// The call's tenant, which the request must not contradict. The installation's key and services may
  /// name it in the request alone.
  private func tenant(
    of context: ServerContext, named name: String
  ) async throws(RPCError) -> Tenant {
    let known = context[CallTenant.self]
    guard !name.isEmpty else { return try context.tenant() }
    guard let slug = TenantSlug(name) else { throw .unknownTenant }
    if let known {
      guard known.slug == slug else { throw .twoTenants }
      return known
    }
    let found: Tenant?
    do throws(StoreError) {
      found = try await tenants.tenant(slug: slug)
    } catch {
      throw failure(error, context)
    }
    guard let found else { throw .unknownTenant }
    guard !found.isSuspended else { throw .suspendedTenant }
    return found
  }

  private func accept(
    _ points: [IncomingPoint], _ context: ServerContext
  ) async throws(RPCError) -> [PointOutcome] {
    let outcomes: [[PointOutcome]]
    do throws(StoreError) {
      outcomes = try await intake.accept([Delivery(points: points, source: .call)])
    } catch {
      throw failure(error, context)
    }
    guard let mine = outcomes.first, mine.count == points.count else {
      throw RPCError(.internalError, "internal error")
    }
    return mine
  }

  /// The error when nothing was accepted: the first point's refusal decides the code.
  private func allRefused(_ outcomes: [PointOutcome]) -> RPCError {
    var first: Refusal?
    var violations: [FieldViolation] = []
    for (index, outcome) in outcomes.enumerated() {
      guard let refusal = outcome.refusal else { continue }
      if first == nil { first = refusal }
      guard violations.count < limits.maxViolations else { break }
      // The tenant is the call's, not the reading's.
      let field = refusal.field == "tenant" ? "tenant" : "readings[\(index)].\(refusal.field)"
      violations.append(FieldViolation(field: field, description: refusal.message))
    }
    guard let first else { return RPCError(.internalError, "internal error") }
    let message = outcomes.count == 1 ? first.message : "no point was stored: \(first.message)"
    return RPCError(
      first.reason.isNotFound ? .notFound : .invalidArgument, message, violations: violations)
  }
}

extension PointOutcome {
  fileprivate var refusal: Refusal? {
    switch self {
    case .stored, .duplicate: nil
    case .refused(let refusal), .quarantined(let refusal): refusal
    }
  }
}

extension TraksenseV1.IngestResult {
  fileprivate init(_ refusal: Refusal) {
    self.init(
      outcome: .refused, reason: refusal.reason.rawValue, field: refusal.field,
      message: refusal.message)
  }
}

extension IncomingPoint {
  /// A point as sent; unreadable when something is missing that no default can stand for.
  fileprivate init(_ reading: TraksenseV1.Reading, tenant: String) {
    func refused(_ reason: Refusal.Reason, _ field: String, _ message: String) -> IncomingPoint {
      .unreadable(
        tenant: tenant, Refusal(reason, field: field, message: "\(field) \(message)"))
    }
    if reading.deviceID.isEmpty {
      self = refused(.missingField, "device_id", "is required")
    } else if reading.sensorID.isEmpty {
      self = refused(.missingField, "sensor_id", "is required")
    } else if let sent = reading.timestamp {
      if let timestamp = Timestamp(sent) {
        self = .reading(
          IncomingReading(
            tenant: tenant, deviceID: reading.deviceID, sensorID: reading.sensorID,
            value: reading.value, unit: reading.unit, timestamp: timestamp))
      } else {
        self = refused(.badTimestamp, "timestamp", "is not within the years 1 to 9999")
      }
    } else {
      self = refused(.missingField, "timestamp", "is required")
    }
  }
}
