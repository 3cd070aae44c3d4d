// SPDX-License-Identifier: Apache-2.0

/// Why a conversation with the broker ended or never began.
package enum MQTTError: Error, Hashable, Sendable, CustomStringConvertible {
  /// libmosquitto reported an error: what was attempted, and its text for the code.
  case failed(String, reason: String)
  /// The broker answered CONNECT with this return code (MQTT 3.1.1 §3.2.2.3).
  case refused(returnCode: Int32)
  /// The broker answered SUBSCRIBE with a failure (MQTT 3.1.1 §3.9.3).
  case subscriptionRefused(String)
  /// The broker did not answer in time.
  case timedOut(String)
  /// The store did not commit within the time for retries; the connection was dropped so that the
  /// broker delivers again.
  case notCommitted(String)
  /// The client was stopped.
  case stopped

  package var description: String {
    switch self {
    case .failed(let action, let reason): "\(action) failed: \(reason)"
    case .refused(let code): "the broker refused the connection (return code \(code))"
    case .subscriptionRefused(let filter): "the broker refused the subscription \(filter)"
    case .timedOut(let action): "\(action) got no answer in time"
    case .notCommitted(let reason): "the batch was not committed: \(reason)"
    case .stopped: "stopped"
    }
  }
}
