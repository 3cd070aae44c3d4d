// SPDX-License-Identifier: Apache-2.0
import CPostgreSQL

/// The owner of one `PGconn`, used by one thread at a time: its connection's.
@safe struct ConnectionHandle: ~Copyable {
  private let raw: OpaquePointer

  /// Connects, blocking, for at most the configuration's timeout per address.
  init(connecting configuration: PostgresConfiguration) throws(PostgresError) {
    let parameters = configuration.parameters
    let keywords = CStrings(parameters.map(\.keyword))
    let values = CStrings(parameters.map(\.value))
    let connection = unsafe keywords.withPointers { keywords in
      unsafe values.withPointers { values in
        // 1: the value of `dbname` may be a whole connection string.
        unsafe PQconnectdbParams(keywords, values, 1)
      }
    }
    guard let connection = unsafe connection else {
      throw PostgresError(sqlState: "53200", message: "out of memory")
    }
    guard unsafe PQstatus(connection) == CONNECTION_OK else {
      let message = unsafe Self.firstLine(PQerrorMessage(connection))
      unsafe PQfinish(connection)
      throw .cannotConnect(message)
    }
    unsafe raw = unsafe connection
    // What the server remarks goes to its own log; stderr belongs to this program.
    unsafe PQsetNoticeReceiver(connection, { _, _ in }, nil)
  }

  deinit {
    unsafe PQfinish(raw)
  }

  /// False once libpq noticed that the connection broke.
  var isUp: Bool { unsafe PQstatus(raw) == CONNECTION_OK }

  /// No transaction is open, as far as the server's last answer tells.
  var isIdle: Bool { unsafe isUp && PQtransactionStatus(raw) == PQTRANS_IDLE }

  /// A statement of the open transaction failed: the server takes nothing but its end.
  var hasFailedTransaction: Bool { unsafe PQtransactionStatus(raw) == PQTRANS_INERROR }

  /// Reads what the server may have said unasked (a shutdown, the end of the stream); does not block.
  /// - Returns: false when the connection is gone.
  func noticesNothingWrong() -> Bool {
    // Twice: the first read may bring the server's farewell and only the second the end of the stream.
    unsafe PQconsumeInput(raw) == 1 && PQconsumeInput(raw) == 1 && isUp
  }

  /// One line, without trailing newline.
  var lastMessage: String { unsafe Self.firstLine(PQerrorMessage(raw)) }

  @unsafe private static func firstLine(_ text: UnsafePointer<CChar>?) -> String {
    let lines = unsafe text.map { unsafe String(cString: $0) }?.split(separator: "\n")
    return lines?.first.map(String.init) ?? "connection lost"
  }

  func makeCanceller() -> Canceller? {
    unsafe PQgetCancel(raw).map { unsafe Canceller($0) }
  }

  // MARK: Simple protocol

  /// Runs a text of one or more statements; rows are dropped.
  func run(script: String) throws(PostgresError) {
    guard let result = unsafe ResultHandle(PQexec(raw, script)) else {
      throw .connectionLost(lastMessage)
    }
    if case .failed(let error) = result.outcome { throw error }
  }

  // MARK: Pipeline

  func enterPipeline() throws(PostgresError) {
    guard unsafe PQenterPipelineMode(raw) == 1 else { throw .connectionLost(lastMessage) }
  }

  func exitPipeline() throws(PostgresError) {
    guard unsafe PQexitPipelineMode(raw) == 1 else { throw .connectionLost(lastMessage) }
  }

  func sendPrepare(_ statement: Statement, as name: String) throws(PostgresError) {
    let types = statement.parameterTypes.map(\.rawValue)
    guard unsafe PQsendPrepare(raw, name, statement.sql, Int32(types.count), types) == 1
    else { throw .connectionLost(lastMessage) }
  }

  /// Sends a statement without parameters that is not worth preparing.
  func sendUnnamed(_ sql: String) throws(PostgresError) {
    guard unsafe PQsendQueryParams(raw, sql, 0, nil, nil, nil, nil, 1) == 1
    else { throw .connectionLost(lastMessage) }
  }

  /// Parameters and results travel in binary. libpq copies the parameters.
  func sendExecute(_ name: String, _ values: [PostgresValue]) throws(PostgresError) {
    var bytes: [UInt8] = []
    let ranges = values.map { value -> Range<Int>? in
      let start = bytes.count
      return value.encode(into: &bytes) ? start..<bytes.count : nil
    }
    // An empty value is not a null: its pointer must point somewhere.
    if bytes.isEmpty { bytes.append(0) }
    let lengths = ranges.map { Int32(clamping: $0?.count ?? 0) }
    let formats = [Int32](repeating: 1, count: values.count)
    let sent = unsafe bytes.withUnsafeBytes { buffer in
      let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
      let pointers = unsafe ranges.map { range in
        unsafe range.flatMap { range in unsafe start.map { unsafe $0 + range.lowerBound } }
      }
      return unsafe PQsendQueryPrepared(
        raw, name, Int32(values.count), pointers, lengths, formats, 1)
    }
    guard sent == 1 else { throw .connectionLost(lastMessage) }
  }

  func sendSync() throws(PostgresError) {
    guard unsafe PQpipelineSync(raw) == 1 else { throw .connectionLost(lastMessage) }
  }

  /// - Returns: nil at the end of one statement's results.
  func nextResult() -> ResultHandle? {
    unsafe ResultHandle(PQgetResult(raw))
  }
}

/// C strings that live as long as this value, and a null-terminated array of pointers to them.
private struct CStrings {
  private let bytes: [CChar]
  private let offsets: [Int]

  init(_ texts: [String]) {
    var bytes: [CChar] = []
    offsets = texts.map { text in
      defer { bytes.append(contentsOf: text.utf8CString) }
      return bytes.count
    }
    self.bytes = bytes
  }

  @unsafe func withPointers<Result>(
    _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
  ) -> Result {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      var pointers = unsafe offsets.map { offset in
        unsafe buffer.baseAddress.map { unsafe $0 + offset }
      }
      unsafe pointers.append(nil)
      return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }
  }
}
