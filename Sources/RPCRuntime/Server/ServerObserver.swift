// SPDX-License-Identifier: Apache-2.0

/// Hears of calls that no interceptor sees, because they were answered before a handler could run.
///
/// Called on the connection's event loop: must return at once.
public protocol ServerObserver: Sendable {
  /// A call was answered, or given up by its caller, before its handler ran.
  func callRejected(_ call: RejectedCall)
}

/// A call that never reached a handler.
public struct RejectedCall: Sendable {
  /// What the caller got.
  public enum Answer: Hashable, Sendable {
    /// A gRPC status.
    case status(RPCError)
    /// Not gRPC: a bare HTTP status, `415` for example.
    case http(String)
  }

  /// Bytes of a path that are kept.
  static let maxPathBytes = 256

  /// The RPC, when the path names one that is served.
  public var method: MethodDescriptor?
  /// `:path` as it came, cut to 256 bytes; whatever a stranger likes to send.
  public var path: String
  /// As ``ServerContext/peer``.
  public var peer: String
  /// What the caller got.
  public var answer: Answer

  init(method: MethodDescriptor?, path: String, peer: String, answer: Answer) {
    self.method = method
    self.path =
      path.utf8.count > Self.maxPathBytes
      ? String(decoding: path.utf8.prefix(Self.maxPathBytes), as: UTF8.self) : path
    self.peer = peer
    self.answer = answer
  }
}

extension RPCRouter {
  /// Tells the observer, if there is one, of a call that gets no handler.
  func rejected(
    _ path: @autoclosure () -> String, peer: String,
    _ answer: @autoclosure () -> RejectedCall.Answer
  ) {
    guard let observer else { return }
    let path = path()
    observer.callRejected(
      RejectedCall(
        method: handler(path: path)?.method, path: path, peer: peer, answer: answer()))
  }
}
