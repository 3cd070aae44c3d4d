// SPDX-License-Identifier: Apache-2.0
import Domain

/// Runs of a transaction that the server rolled back for a deadlock.
private let changeAttempts = 5

extension PostgresPool {
  /// Asks something of a tenant's catalogue.
  func readCatalogue<Value: Sendable>(
    of tenant: Tenant,
    _ body:
      @Sendable (CatalogueTables, isolated PostgresConnection) throws(PostgresError) ->
      Result<Value, CatalogueError>
  ) async throws(CatalogueError) -> Value {
    let outcome: Result<Value, CatalogueError>
    do throws(StoreError) {
      outcome = try await run { connection throws(PostgresError) in
        try body(CatalogueTables(tenant), connection)
      }
    } catch {
      throw .store(error)
    }
    return try outcome.get()
  }

  /// Changes a tenant's catalogue.
  /// - Parameter body: begins a transaction, and commits it unless it refuses. What the database refuses
  ///   because of the values becomes a refusal that names the field. Run again when the server rolled back.
  func changeCatalogue<Value: Sendable>(
    of tenant: Tenant,
    _ body:
      @Sendable (CatalogueTables, isolated PostgresConnection) throws(PostgresError) ->
      Result<Value, CatalogueError>
  ) async throws(CatalogueError) -> Value {
    try await readCatalogue(of: tenant) { tables, connection throws(PostgresError) in
      var attempt = 1
      while true {
        do throws(PostgresError) {
          let outcome = try body(tables, connection)
          connection.settle()
          return outcome
        } catch {
          connection.settle()
          if let refusal = CatalogueError(refusal: error) { return .failure(refusal) }
          guard attempt < changeAttempts, error.isRetriable else { throw error }
          attempt += 1
        }
      }
    }
  }
}

extension CatalogueError {
  /// Violations of constraints, by their names.
  init?(refusal error: PostgresError) {
    switch (error.sqlState, error.constraint) {
    case ("23503", "assets_asset_site_id_fkey"): self = .unknownReference(field: "site")
    case ("23503", "assets_device_asset_id_fkey"): self = .unknownReference(field: "asset")
    case ("23503", "assets_sensor_device_id_fkey"): self = .unknownReference(field: "device")
    case ("23505", "assets_asset_tag_key"), ("23505", "assets_sensor_device_id_tag_key"):
      self = .taken(field: "tag")
    case ("23505", "assets_device_serial_number_key"): self = .taken(field: "serial_number")
    case ("23505", "assets_device_mqtt_client_id_key"): self = .taken(field: "mqtt_client_id")
    case ("23514", "assets_sensor_check"):
      self = .invalid(field: "min_value", "Must not be above max_value.")
    case ("23514", "assets_sensor_thresholds_check"):
      self = .invalid(field: "thresholds", "Must lie between min_value and max_value.")
    default: return nil
    }
  }

  /// The same about one of several things, when it is about a field.
  func about(_ path: String) -> CatalogueError {
    switch self {
    case .unknownReference(let field): .unknownReference(field: path + field)
    case .taken(let field): .taken(field: path + field)
    case .invalid(let field, let problem): .invalid(field: path + field, problem)
    case .notFound, .inUse, .store: self
    }
  }
}

extension PostgresConnection {
  /// - Parameter from: tables, with the lateral join that counts.
  func one<Value: Sendable>(
    _ columns: String, from source: String, _ key: String, id: Int64,
    _ read: (borrowing PostgresRow) throws(PostgresError) -> Value
  ) throws(PostgresError) -> Result<Value, CatalogueError> {
    let found = try rows(.one(columns, from: source, key, id: id), read)
    return found.first.map { .success($0) } ?? .failure(.notFound)
  }

  /// Inserts and reads what came of it. The transaction is open before and committed after.
  func inserted<Value: Sendable>(
    _ insert: Command, _ columns: String, from source: String, _ key: String,
    _ read: (borrowing PostgresRow) throws(PostgresError) -> Value
  ) throws(PostgresError) -> Result<Value, CatalogueError> {
    let ids = try rows(insert) { (row: borrowing PostgresRow) throws(PostgresError) in
      try row.int8(0)
    }
    guard let id = ids.first else { return .failure(.notFound) }
    var value: Value?
    try pipeline([.one(columns, from: source, key, id: id), .commit]) {
      (_: Int, row: borrowing PostgresRow) throws(PostgresError) in value = try read(row)
    }
    guard let value else { throw .unexpected("what was inserted is not there") }
    return .success(value)
  }

  /// Changes one row and reads what came of it, in a transaction and one round trip.
  /// - Parameter first: in the same transaction.
  func updated<Value: Sendable>(
    _ update: Command, after first: [Command] = [], _ columns: String, from source: String,
    _ key: String, id: Int64,
    _ read: (borrowing PostgresRow) throws(PostgresError) -> Value
  ) throws(PostgresError) -> Result<Value, CatalogueError> {
    var value: Value?
    let select = Command.one(columns, from: source, key, id: id)
    try pipeline([.begin] + first + [update, select, .commit]) {
      (_: Int, row: borrowing PostgresRow) throws(PostgresError) in value = try read(row)
    }
    return value.map { .success($0) } ?? .failure(.notFound)
  }

  /// Deletes a row that nothing belongs to. Locks it first, which keeps others from adding something
  /// meanwhile.
  /// - Parameters:
  ///   - quiet: a table without foreign keys whose rows belong to it: waits for those who are writing there, and
  ///     keeps others from it until the end. Readings are written by transactions that look whether their sensors
  ///     are still there (`IngestTransaction`), so that of the two one sees the other.
  ///   - usage: counts what belongs to it, one number each; `$1` is the id.
  ///   - others: rows elsewhere that go as well.
  func deleted(
    _ table: String, id: Int64, quiet: String? = nil,
    usage: [(kind: String, limit: Int?, sql: String)], others: [String] = []
  ) throws(PostgresError) -> Result<Void, CatalogueError> {
    let key: [PostgresValue] = [.int8(id)]
    var usages: [CatalogueError.Usage] = []
    var locks = [Command("SELECT id FROM \(table) WHERE id = $1 FOR UPDATE", key)]
    if let quiet {
      // Not long in the way of writers: they queue behind this lock's wait.
      locks.append(Command("SET LOCAL lock_timeout = '5s'"))
      locks.append(Command("LOCK TABLE ONLY \(quiet) IN SHARE MODE"))
    }
    let touched = try pipeline([.begin] + locks + usage.map { Command($0.sql, key) }) {
      (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
      guard number > locks.count else { return }
      let (kind, limit, _) = usage[number - locks.count - 1]
      let count = Int(try row.int8(0))
      guard count > 0 else { return }
      let most = limit ?? count
      usages.append(.init(kind, min(count, most), isAtLeast: count > most))
    }
    guard touched[1] > 0 else { return .failure(.notFound) }
    guard usages.isEmpty else { return .failure(.inUse(usages)) }
    try pipeline(
      (others + ["DELETE FROM \(table) WHERE id = $1"]).map { Command($0, key) } + [.commit])
    return .success(())
  }
}

extension Command {
  fileprivate static func one(
    _ columns: String, from source: String, _ key: String, id: Int64
  ) -> Command {
    Command("SELECT \(columns) FROM \(source) WHERE \(key).id = $1", [.int8(id)])
  }

  /// Archives or restores.
  static func setActive(_ isActive: Bool, _ table: String, id: Int64) -> Command {
    Command(
      "UPDATE \(table) SET is_active = $2, updated_at = now() WHERE id = $1",
      [.int8(id), .bool(isActive)])
  }
}
