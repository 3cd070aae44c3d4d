// SPDX-License-Identifier: Apache-2.0

public import Logging
import NIOCore
import Synchronization

/// Writes one line per call when it has ended: OK at debug, the caller's faults at info, the server's at
/// error. Never messages, metadata or error texts: those may carry what is nobody's business.
public struct CallLogInterceptor: CallBracket, ServerObserver {
  private let logger: Logger
  private let budget: LogBudget

  /// - Parameters:
  ///   - logger: gets the lines; its level decides which.
  ///   - burst: lines at info that may come at once, and again as many at error; OK calls are not limited.
  ///   - perSecond: lines of each that may come per second in the long run. What is left out is counted in
  ///     the next line.
  public init(logger: Logger, burst: Int = 100, perSecond: Int = 20) {
    self.logger = logger
    budget = LogBudget(burst: burst, perSecond: perSecond)
  }

  /// See ``CallBracket``.
  public func end(_ context: ServerContext, _ error: RPCError?) -> RPCError? {
    log(context, error)
    return error
  }

  /// As a line at info: whatever it was, no handler had a part in it.
  public func callRejected(_ call: RejectedCall) {
    guard logger.logLevel <= .info, let suppressed = budget.admit(.info, at: .now()) else { return }
    let code: String =
      switch call.answer {
      case .status(let error): error.code.labelName
      case .http(let status): "HTTP \(status)"
      }
    var metadata: Logger.Metadata = [
      "rpc.method": "\(call.method?.path ?? "unknown")", "peer": "\(call.peer)",
      "rpc.code": "\(code)",
    ]
    if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
    logger.info("rpc refused", metadata: metadata)
  }

  private func log(_ context: ServerContext, _ error: RPCError?) {
    let code = context.outcome(ofHandler: error)?.code ?? .ok
    let level: Logger.Level = code == .ok ? .debug : code.isServerFault ? .error : .info
    guard logger.logLevel <= level else { return }
    let now = NIODeadline.now()
    guard let suppressed = budget.admit(level, at: now) else { return }
    let microseconds = (now - context.startedAt).nanoseconds / 1_000
    var metadata: Logger.Metadata = [
      "rpc.method": "\(context.method.path)", "peer": "\(context.peer)",
      "rpc.code": "\(code.labelName)",
      "duration_ms": "\(Double(microseconds) / 1_000)",
    ]
    if let id = RequestID.of(context) { metadata["request.id"] = "\(id)" }
    if let trace = context[TraceContextKey.self] { metadata["trace.id"] = "\(trace.traceID)" }
    if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
    logger.log(level: level, "rpc", metadata: metadata)
  }
}

/// How many lines may still be written.
private final class LogBudget: Sendable {
  private struct Allowance {
    var bucket: TokenBucket
    var suppressed = 0

    mutating func admit(at now: NIODeadline) -> Int? {
      guard bucket.takeIfAvailable(at: now) else {
        suppressed += 1
        return nil
      }
      defer { suppressed = 0 }
      return suppressed
    }
  }

  private struct State {
    var infos: Allowance
    var errors: Allowance
  }

  private let state: Mutex<State>

  init(burst: Int, perSecond: Int) {
    let bucket = TokenBucket(burst: burst, perSecond: perSecond, at: .now())
    state = Mutex(State(infos: Allowance(bucket: bucket), errors: Allowance(bucket: bucket)))
  }

  /// - Returns: how many lines were left out before this one; nil: leave this one out too.
  func admit(_ level: Logger.Level, at now: NIODeadline) -> Int? {
    switch level {
    case .trace, .debug: 0
    case .info, .notice, .warning: state.withLock { $0.infos.admit(at: now) }
    case .error, .critical: state.withLock { $0.errors.admit(at: now) }
    }
  }
}

/// What the caller calls its request.
enum RequestID {
  private static let maxBytes = 64

  /// - Returns: `x-request-id`, when it is one that can stand in a log line.
  static func of(_ context: ServerContext) -> String? {
    guard let id = context.metadataValue("x-request-id"), (1...maxBytes).contains(id.utf8.count),
      id.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    return id
  }
}
