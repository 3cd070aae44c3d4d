// SPDX-License-Identifier: Apache-2.0

/// Finds out who makes a call.
public protocol Authenticator: Sendable {
  /// Whoever it finds.
  associatedtype Principal: Sendable

  /// Looks at metadata and peer.
  /// - Returns: nil when the call brings no credentials at all.
  /// - Throws: UNAUTHENTICATED for credentials that are not valid, PERMISSION_DENIED for those that do not
  ///   open this RPC.
  func authenticate(_ context: ServerContext) async throws(RPCError) -> Principal?
}

/// Whether an RPC wants to know who calls.
public enum AuthenticationPolicy: Hashable, Sendable {
  /// Open to all: credentials, stale ones too, are not looked at.
  case open
  /// Only for those whom the authenticator knows.
  case required
}

/// Lets calls through whose caller the authenticator knows, and leaves that principal in the context.
public struct AuthenticationInterceptor<Judge: Authenticator>: CallBracket {
  /// Where the handler finds who calls.
  public enum Principal: ServerContextKey {
    /// Whoever the authenticator found.
    public typealias Value = Judge.Principal
  }

  private let authenticator: Judge
  private let policy: @Sendable (MethodDescriptor) -> AuthenticationPolicy

  /// - Parameters:
  ///   - authenticator: knows callers.
  ///   - policy: asked once per RPC, when the router is built.
  public init(
    _ authenticator: Judge, policy: @escaping @Sendable (MethodDescriptor) -> AuthenticationPolicy
  ) {
    self.authenticator = authenticator
    self.policy = policy
  }

  /// Nothing for open RPCs.
  public func prepared(for method: MethodDescriptor) -> (any ServerInterceptor)? {
    switch policy(method) {
    case .open: nil
    case .required: self
    }
  }

  /// See ``CallBracket``.
  public func begin(_ context: ServerContext) async throws(RPCError) {
    guard let principal = try await authenticator.authenticate(context) else {
      throw RPCError(.unauthenticated, "credentials are required")
    }
    context[Principal.self] = principal
  }
}
