// SPDX-License-Identifier: Apache-2.0

/// How long the statements of a call may run: what the server should enforce, and what it does.
///
/// The setting travels in front of the next statements, in their round trip, and only when it has to change.
struct StatementTimeout {
  /// In force on the server; nil: not known, because a transaction may have taken it back.
  private var inForce: Duration?
  /// Most for one statement; zero: no limit.
  private var most: Duration
  private var deadline: ContinuousClock.Instant?

  /// - Parameter inForce: what the session starts with.
  init(inForce: Duration) {
    self.inForce = inForce
    most = inForce
  }

  /// A call begins.
  /// - Parameters:
  ///   - most: for each of its statements; zero: no limit.
  ///   - deadline: when its caller stops waiting.
  mutating func begin(most: Duration, deadline: ContinuousClock.Instant?) {
    self.most = most
    self.deadline = deadline
  }

  /// - Returns: the setting that the next statement needs, in whole milliseconds, zero for no limit; nil:
  ///   it is in force already.
  /// - Throws: 57014 when the deadline has passed.
  func change(at now: @autoclosure () -> ContinuousClock.Instant) throws(PostgresError) -> Int32? {
    let wanted = try wanted(at: now())
    return wanted == inForce ? nil : wanted.wholeMilliseconds
  }

  /// The server has been told.
  /// - Parameters:
  ///   - milliseconds: what ``change(at:)`` said.
  ///   - isForGood: false when it may be taken back with a transaction.
  mutating func changed(to milliseconds: Int32, isForGood: Bool) {
    inForce = isForGood ? .milliseconds(milliseconds) : nil
  }

  private func wanted(at now: ContinuousClock.Instant) throws(PostgresError) -> Duration {
    guard let deadline else { return most }
    let rest = now.duration(to: deadline)
    guard rest > .zero else { throw .cancelled }
    // Rounded up, so that the server does not give up while somebody still waits.
    return most == .zero || rest < most ? .milliseconds(rest.wholeMilliseconds) : most
  }
}
