// SPDX-License-Identifier: Apache-2.0
package import DedicatedThread
import Domain
import Synchronization

/// One connection to PostgreSQL on a thread of its own: plain blocking libpq, and `await` is the only
/// seam. Whoever needs several statements in a row passes a function to ``perform(timeout:_:)``; it runs on the
/// thread without interruption.
package actor PostgresConnection {
  /// What a pool may know without asking the server.
  package enum Health: Hashable, Sendable {
    /// Ready for anybody.
    case idle
    /// A transaction is open: not to be given to anybody else.
    case inTransaction
    /// To be thrown away.
    case broken
  }

  private nonisolated let thread: DedicatedThread
  private nonisolated let cancelThread: DedicatedThread
  private nonisolated let published = Mutex((health: Health.broken, schemas: 0))
  private let configuration: PostgresConfiguration
  private var handle: ConnectionHandle?
  private var canceller: Canceller?
  private var cache: StatementCache
  /// Statements that the cache gave up; the next pipeline takes them along.
  private var surplus: [String] = []
  private var current: CallTicket?
  private var timeout: StatementTimeout
  private var seenSchemas: Set<String> = []
  /// Whether the call that runs wants its statements prepared for good.
  private var remembersStatements = true
  /// Round trips to the server so far, those of connecting left out.
  package private(set) var roundTrips = 0

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe thread.asUnownedSerialExecutor()
  }

  /// As of the end of the last call.
  package nonisolated var health: Health { published.withLock { $0.health } }

  /// How many tenants' schemas the calls so far were about: the server's process remembers what it has seen of each.
  package nonisolated var schemas: Int { published.withLock { $0.schemas } }

  /// Connects.
  /// - Parameter cancelThread: where cancellation requests are made; one serves many connections.
  package static func connect(
    _ configuration: PostgresConfiguration, cancelThread: DedicatedThread
  ) async throws(PostgresError) -> PostgresConnection {
    let thread: DedicatedThread
    do throws(ThreadStartError) {
      thread = try DedicatedThread(name: "postgres")
    } catch {
      throw PostgresError(sqlState: "53000", message: "no thread to be had (errno \(error.code))")
    }
    let connection = PostgresConnection(configuration, on: thread, cancelThread: cancelThread)
    try await connection.open()
    return connection
  }

  private init(
    _ configuration: PostgresConfiguration, on thread: DedicatedThread,
    cancelThread: DedicatedThread
  ) {
    self.configuration = configuration
    self.thread = thread
    self.cancelThread = cancelThread
    cache = StatementCache(capacity: configuration.statementCacheSize)
    timeout = StatementTimeout(inForce: configuration.statementTimeout)
  }

  private func open() throws(PostgresError) {
    let opened = try ConnectionHandle(connecting: configuration)
    try opened.run(script: configuration.sessionScript)
    canceller = opened.makeCanceller()
    handle = consume opened
    publishHealth()
  }

  /// Says goodbye and ends the thread. Later calls fail with a broken connection.
  package func close() {
    handle = nil
    canceller = nil
    publishHealth()
    thread.shutdown()
  }

  // MARK: Calls

  /// Runs `body` on the connection's thread. When the calling task is cancelled, the statement that
  /// runs is cancelled on the server and this throws 57014, within some milliseconds; the connection
  /// stays usable. A transaction that `body` left open because it threw is rolled back.
  /// - Parameter timeout: for each statement, on the server; nil: the configuration's. Where the task has
  ///   a ``CallDeadline``, what is left until then, if that is less: the server ends the statement then
  ///   even if this process cannot say so.
  /// - Parameter remembersStatements: whether to keep statements prepared; false: for what is not asked again.
  package nonisolated func perform<Value: Sendable>(
    timeout: Duration? = nil, remembersStatements: Bool = true,
    _ body: @Sendable (isolated PostgresConnection) throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value {
    let ticket = CallTicket()
    let deadline = CallDeadline.current
    let result = await withTaskCancellationHandler {
      await execute(
        ticket, timeout: timeout, deadline: deadline, remembersStatements: remembersStatements,
        body)
    } onCancel: {
      ticket.cancel(on: cancelThread)
    }
    return try result.get()
  }

  private func execute<Value: Sendable>(
    _ ticket: CallTicket, timeout: Duration?, deadline: ContinuousClock.Instant?,
    remembersStatements: Bool,
    _ body: @Sendable (isolated PostgresConnection) throws(PostgresError) -> Value
  ) -> Result<Value, PostgresError> {
    defer { publishHealth() }
    guard let canceller, handle?.noticesNothingWrong() == true else {
      handle = nil
      ticket.finish()
      return .failure(.stale)
    }
    current = ticket
    self.remembersStatements = remembersStatements
    ticket.begin(canceller)
    self.timeout.begin(most: timeout ?? configuration.statementTimeout, deadline: deadline)
    let result = Result { () throws(PostgresError) in try body(self) }
    ticket.finish()
    current = nil
    if case .failure(let error) = result {
      if error.invalidatesStatements { handle = nil }
      rollBackIfNeeded()
    }
    return result
  }

  /// A transaction that was left open is rolled back; when even that fails, the connection is broken.
  package func settle() {
    rollBackIfNeeded()
    publishHealth()
  }

  private func rollBackIfNeeded() {
    guard handle?.isIdle == false else { return }
    do throws(PostgresError) {
      try run(script: "ROLLBACK")
    } catch {
      handle = nil
    }
  }

  private func publishHealth() {
    let health: Health =
      handle?.isUp != true ? .broken : handle?.isIdle == true ? .idle : .inTransaction
    let schemas = seenSchemas.count
    published.withLock { $0 = (health, schemas) }
  }

  // MARK: Statements, for the functions passed to `perform`

  /// Runs a text of several statements with the simple protocol (migrations); rows are dropped.
  package func run(script: String) throws(PostgresError) {
    try checkCancellation()
    roundTrips += 1
    guard handle?.isUp == true else { throw .connectionLost("the connection is closed") }
    // A message of its own: within one, the limit of before would count. Not in a transaction, which may
    // have failed and take nothing but ROLLBACK.
    if handle?.isIdle == true, current != nil, let change = try timeout.change(at: .now) {
      roundTrips += 1
      try handle?.run(script: Self.setting(change))
      timeout.changed(to: change, isForGood: true)
    }
    noteSchema(in: script)
    try handle?.run(script: script)
  }

  /// Runs one statement.
  /// - Returns: how many rows it selected, inserted, updated or deleted.
  @discardableResult
  package func query(
    _ command: Command,
    row: (borrowing PostgresRow) throws(PostgresError) -> Void = {
      (_: borrowing PostgresRow) throws(PostgresError) in
    }
  ) throws(PostgresError) -> Int {
    let counts = try pipeline([command]) {
      (_: Int, row_: borrowing PostgresRow) throws(PostgresError) in try row(row_)
    }
    return counts.first ?? 0
  }

  /// Runs one statement and turns each row into a value.
  package func rows<Value>(
    _ command: Command, _ decode: (borrowing PostgresRow) throws(PostgresError) -> Value
  ) throws(PostgresError) -> [Value] {
    var values: [Value] = []
    try query(command) { (row: borrowing PostgresRow) throws(PostgresError) in
      values.append(try decode(row))
    }
    return values
  }

  /// Sends all statements at once and reads all answers: one round trip, statements not yet prepared
  /// included. The first that fails skips the rest. Statements outside BEGIN and COMMIT share one
  /// implicit transaction.
  /// - Parameter row: called for each row of each answer, with the statement's number from 0.
  /// - Returns: per statement, how many rows it touched.
  @discardableResult
  package func pipeline(
    _ commands: [Command],
    row: (Int, borrowing PostgresRow) throws(PostgresError) -> Void = {
      (_: Int, _: borrowing PostgresRow) throws(PostgresError) in
    }
  ) throws(PostgresError) -> [Int] {
    try checkCancellation()
    roundTrips += 1
    guard handle?.isUp == true else { throw .connectionLost("the connection is closed") }
    var run = PipelineRun()
    run.timeout = handle?.hasFailedTransaction == true ? nil : try timeout.change(at: .now)
    let isAlone =
      handle?.isIdle == true && !commands.contains(.begin) && !commands.contains(.beginSnapshot)
    try handle?.enterPipeline()
    try send(commands, &run)
    try receive(&run, row: row)
    try handle?.exitPipeline()
    if let change = run.timeout {
      timeout.changed(to: change, isForGood: isAlone && run.error == nil)
    }
    for (statement, name) in run.prepared {
      if let name = cache.insert(statement, name: name) { surplus.append(name) }
    }
    if let error = run.error { throw error }
    return run.counts
  }

  private static func setting(_ milliseconds: Int32) -> String {
    "SET statement_timeout = \(milliseconds)"
  }

  private func noteSchema(in sql: String) {
    if let name = TenantSchema.name(in: sql) { seenSchemas.insert(name) }
  }

  private func checkCancellation() throws(PostgresError) {
    if current?.isCancelled == true { throw .cancelled }
  }

  private func send(_ commands: [Command], _ run: inout PipelineRun) throws(PostgresError) {
    if let change = run.timeout {
      try handle?.sendUnnamed(Self.setting(change))
      run.sent.append(.unnamed)
    }
    // DEALLOCATE takes a snapshot, and a transaction's isolation is set before its first one.
    if !commands.contains(.beginSnapshot) {
      for name in surplus {
        // Made by ``StatementCache``: a letter and digits.
        try handle?.sendUnnamed("DEALLOCATE \(name)")
        run.sent.append(.unnamed)
      }
      surplus = []
    }
    var fresh: [Statement: String] = [:]
    for (number, command) in commands.enumerated() {
      let name: String
      if !remembersStatements {
        // The unnamed statement: the next one takes its place.
        name = ""
        noteSchema(in: command.statement.sql)
        try handle?.sendPrepare(command.statement, as: name)
        run.sent.append(.unnamed)
      } else if let known = cache.name(of: command.statement) ?? fresh[command.statement] {
        name = known
      } else {
        name = cache.freshName()
        fresh[command.statement] = name
        noteSchema(in: command.statement.sql)
        try handle?.sendPrepare(command.statement, as: name)
        run.sent.append(.prepare(command.statement, name))
      }
      try handle?.sendExecute(name, command.values)
      run.sent.append(.execute(number))
    }
    run.counts = [Int](repeating: 0, count: commands.count)
    try handle?.sendSync()
  }

  /// Reads every answer up to the end of the pipeline, whatever happens; remembers the first error.
  private func receive(
    _ run: inout PipelineRun,
    row: (Int, borrowing PostgresRow) throws(PostgresError) -> Void
  ) throws(PostgresError) {
    for step in run.sent {
      while let result = handle?.nextResult() {
        switch (result.outcome, step) {
        case (.rows, .execute(let number)):
          run.counts[number] = result.affectedRows
          guard run.error == nil else { continue }
          do throws(PostgresError) {
            try result.forEachRow { (cells: borrowing PostgresRow) throws(PostgresError) in
              try row(number, cells)
            }
          } catch {
            run.error = error
          }
        case (.done, .execute(let number)):
          run.counts[number] = result.affectedRows
        case (.done, .prepare(let statement, let name)):
          run.prepared.append((statement, name))
        case (.failed(let error), _):
          if run.error == nil { run.error = error }
          guard handle?.isUp == true else { throw error }
        case (.skipped, _), (.done, .unnamed):
          continue
        case (.rows, .prepare), (.rows, .unnamed), (.endOfPipeline, _):
          handle = nil
          throw .connectionLost("answers out of step")
        }
      }
    }
    guard let end = handle?.nextResult(), end.outcome == .endOfPipeline else {
      let message = handle?.lastMessage ?? "connection lost"
      handle = nil
      throw run.error ?? .connectionLost(message)
    }
  }
}

/// What was sent in one pipeline and what became of it.
private struct PipelineRun {
  enum Step {
    case prepare(Statement, String)
    case execute(Int)
    /// One whose answer does not matter.
    case unnamed
  }

  var sent: [Step] = []
  /// The statement timeout that goes in front, in milliseconds; nil: none has to.
  var timeout: Int32?
  var counts: [Int] = []
  var prepared: [(Statement, String)] = []
  var error: PostgresError?
}
