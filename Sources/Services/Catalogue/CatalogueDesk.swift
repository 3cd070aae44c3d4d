// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Logging
import RPCRuntime

/// What the services of the catalogue share: stores, settings and the time.
package struct CatalogueDesk: Sendable {
  /// Things in one answer that has no pages. Default 5,000 (about 3 MB of JSON). Beyond: OUT_OF_RANGE, instead of
  /// a list that looks whole.
  static let maxWhole = 5_000
  /// Sensors made in one call. Default 500.
  static let maxBulk = 500

  let sites: any SiteStore
  let assets: any AssetStore
  let devices: any DeviceStore
  let sensors: any SensorStore
  let intake: any ReadingIntake
  let statuses: any StatusLog
  let timeZones: TimeZoneNames
  let rules: ReadingRules
  let retryAfter: Duration
  let clock: WallClock
  let logger: Logger

  /// - Parameters:
  ///   - intake: stores readings that are taken by hand.
  ///   - statuses: knows when sensors came and went.
  ///   - timeZones: those that a site may be in.
  ///   - rules: how far clocks may be wrong.
  ///   - retryAfter: what callers are told to wait after a transient failure.
  ///   - logger: hears of faults of this program that callers only see as INTERNAL.
  package init(
    sites: any SiteStore, assets: any AssetStore, devices: any DeviceStore,
    sensors: any SensorStore, intake: any ReadingIntake, statuses: any StatusLog,
    timeZones: TimeZoneNames, rules: ReadingRules = ReadingRules(),
    retryAfter: Duration = .seconds(2), clock: WallClock,
    logger: Logger
  ) {
    self.sites = sites
    self.assets = assets
    self.devices = devices
    self.sensors = sensors
    self.intake = intake
    self.statuses = statuses
    self.timeZones = timeZones
    self.rules = rules
    self.retryAfter = retryAfter
    self.clock = clock
    self.logger = logger
  }

  /// Asks or changes the catalogue, with its errors mapped.
  /// - Parameters:
  ///   - noun: what the call is about, for people: `site`.
  ///   - parent: the field of the store that the request calls `id`, because it lists what belongs to it.
  func stored<Value: Sendable>(
    _ noun: String, of parent: String? = nil, _ context: ServerContext,
    _ body: () async throws(CatalogueError) -> Value
  ) async throws(RPCError) -> Value {
    do throws(CatalogueError) {
      return try await body()
    } catch {
      if case .unknownReference(let field) = error, field == parent {
        throw .notFound("id", "Not found.")
      }
      throw failure(error, noun, context)
    }
  }

  /// A whole list, as one page.
  /// - Throws: OUT_OF_RANGE when it is longer than ``maxWhole``.
  func whole<Element: Sendable>(
    _ noun: String, of parent: String, _ context: ServerContext,
    _ body: (PageRequest) async throws(CatalogueError) -> Page<Element>
  ) async throws(RPCError) -> [Element] {
    let page = try await stored(noun, of: parent, context) { () async throws(CatalogueError) in
      try await body(PageRequest(size: Self.maxWhole))
    }
    guard page.count <= page.items.count else {
      throw RPCError(
        .outOfRange, "There are more than \(Self.maxWhole) \(noun)s: ask for pages of all \(noun)s."
      )
    }
    return page.items
  }

  /// Refuses a change with something wrong in it. Then, and only then, it is looked up whether what it refers to
  /// exists, so that all that is wrong is told at once; otherwise the store finds that out by itself.
  /// - Parameters:
  ///   - id: of what `field` refers to; nil: nothing.
  ///   - find: throws `.notFound` when there is no such thing.
  func check(
    _ input: inout CatalogueInput, _ context: ServerContext, _ field: String, _ id: Int64?,
    _ find: (Int64, Tenant) async throws(CatalogueError) -> Void
  ) async throws(RPCError) {
    guard !input.problems.violations.isEmpty else { return }
    if let id {
      let tenant = try context.tenant()
      do throws(CatalogueError) {
        try await find(id, tenant)
      } catch .notFound {
        input.add(field, Self.noSuchThing)
      } catch {
        throw failure(error, field, context)
      }
    }
    try input.check()
  }

  private static let noSuchThing = "There is no such thing."

  func failure(_ error: StoreError, _ context: ServerContext) -> RPCError {
    RPCError(error, in: context, retryAfter: retryAfter, logger: logger)
  }

  func failure(
    _ error: CatalogueError, _ noun: String, _ context: ServerContext
  ) -> RPCError {
    switch error {
    case .notFound: return .notFound("id", "Not found.")
    case .unknownReference(let field): return .invalid(field, Self.noSuchThing)
    case .invalid(let field, let problem): return .invalid(field, problem)
    case .taken(let field):
      let article = noun == "asset" ? "An" : "A"
      let name = field.split(separator: ".").last ?? ""
      let message = "\(article) \(noun) with this \(name) already exists."
      return RPCError(
        .alreadyExists, message, violations: [FieldViolation(field: field, description: message)])
    case .inUse(let usages): return .inUse(noun, usages)
    case .store(let error): return failure(error, context)
    }
  }
}

extension RPCError {
  /// FAILED_PRECONDITION with the counts in words and, for programs, in its details.
  fileprivate static func inUse(_ noun: String, _ usages: [CatalogueError.Usage]) -> RPCError {
    let counts = usages.map { usage in
      let kind = usage.count == 1 ? String(usage.kind.dropLast()) : usage.kind
      return "\(usage.isAtLeast ? "more than " : "")\(usage.count) \(kind)"
    }
    var error = RPCError(
      .failedPrecondition,
      "The \(noun) has \(counts.joined(separator: " and ")): remove them first, or archive it.")
    error.details.reason = ErrorReason(
      "in_use", domain: reasonDomain,
      metadata: Dictionary(usages.map { ($0.kind, "\($0.count)") }) { first, _ in first })
    return error
  }
}
