// SPDX-License-Identifier: Apache-2.0
import CPostgreSQL

/// The owner of one `PGresult`.
@safe struct ResultHandle: ~Copyable {
  private let raw: OpaquePointer

  init?(_ raw: OpaquePointer?) {
    guard let raw = unsafe raw else { return nil }
    unsafe self.raw = unsafe raw
  }

  deinit {
    unsafe PQclear(raw)
  }

  enum Outcome: Equatable {
    case rows
    case done
    case endOfPipeline
    /// Skipped, because a statement before it in the pipeline failed.
    case skipped
    case failed(PostgresError)
  }

  var outcome: Outcome {
    switch unsafe PQresultStatus(raw) {
    case PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE: .rows
    case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: .done
    case PGRES_PIPELINE_SYNC: .endOfPipeline
    case PGRES_PIPELINE_ABORTED: .skipped
    default: .failed(error)
    }
  }

  /// Rows inserted, updated or selected; 0 for other commands.
  var affectedRows: Int {
    guard let text = unsafe PQcmdTuples(raw) else { return 0 }
    return unsafe Int(String(cString: text)) ?? 0
  }

  /// Calls `body` for each row, first to last.
  func forEachRow<Failure: Error>(
    _ body: (borrowing PostgresRow) throws(Failure) -> Void
  ) throws(Failure) {
    for index in 0..<(unsafe PQntuples(raw)) {
      try body(unsafe PostgresRow(result: raw, index: index))
    }
  }

  private var error: PostgresError {
    PostgresError(
      // No SQLSTATE: libpq itself made the result, because the connection broke.
      sqlState: field("C") ?? "08006",
      message: field("M") ?? "connection lost",
      constraint: field("n") ?? "")
  }

  /// - Parameter code: PG_DIAG_SQLSTATE `C`, PG_DIAG_MESSAGE_PRIMARY `M`, PG_DIAG_CONSTRAINT_NAME `n`.
  private func field(_ code: Unicode.Scalar) -> String? {
    unsafe PQresultErrorField(raw, Int32(code.value)).map { unsafe String(cString: $0) }
  }
}
