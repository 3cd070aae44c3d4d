// SPDX-License-Identifier: Apache-2.0

public import RPCRuntime

/// A channel whose calls name their tenant and show who calls, so that callers say it once.
///
/// What the options of a single call say of the same keys wins.
public struct TenantChannel: RPCChannel {
  /// What shows the server who calls. Never printed.
  public enum Credential: Hashable, Sendable {
    /// Nothing: for open RPCs, or where the connection's client certificate says it.
    case nothing
    /// An API key, `tsk_…`, or the installation's ingest key; sent as `x-api-key`.
    case apiKey(String)
    /// A session's access token; sent as `authorization: Bearer`.
    case bearer(String)
  }

  private let channel: any RPCChannel
  private let tenant: String
  private let credential: Credential

  /// - Parameters:
  ///   - channel: makes the calls.
  ///   - tenant: slug of the tenant, sent as `x-tenant`.
  ///   - credential: what shows who calls.
  public init(_ channel: any RPCChannel, tenant: String, credential: Credential) {
    self.channel = channel
    self.tenant = tenant
    self.credential = credential
  }

  /// See `RPCChannel`.
  public func unary(
    _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
  ) async throws(RPCError) -> UnaryReply {
    try await channel.unary(method, request, options: introduced(options))
  }

  /// See `RPCChannel`.
  public func serverStreaming(
    _ method: MethodDescriptor, _ request: MessageFrame, options: CallOptions
  ) async throws(RPCError) -> ResponseStream {
    try await channel.serverStreaming(method, request, options: introduced(options))
  }

  /// See `RPCChannel`.
  public func open(
    _ method: MethodDescriptor, options: CallOptions
  ) async throws(RPCError) -> StreamingCall {
    try await channel.open(method, options: introduced(options))
  }

  private func introduced(_ options: CallOptions) -> CallOptions {
    var options = options
    if options.metadata["x-tenant"] == nil { options.metadata.add(tenant, for: "x-tenant") }
    // One call with a credential of its own shows that alone, whatever kind it is of.
    let shown = ["x-api-key", "x-device-token", "authorization"]
    guard !shown.contains(where: { options.metadata[$0] != nil }) else { return options }
    switch credential {
    case .nothing: break
    case .apiKey(let key): options.metadata.add(key, for: "x-api-key")
    case .bearer(let token): options.metadata.add("Bearer \(token)", for: "authorization")
    }
    return options
  }
}

extension TenantChannel.Credential: CustomStringConvertible, CustomDebugStringConvertible {
  /// Says of what kind it is, and no more.
  public var description: String {
    switch self {
    case .nothing: "nothing"
    case .apiKey: "apiKey(redacted)"
    case .bearer: "bearer(redacted)"
    }
  }

  /// As ``description``.
  public var debugDescription: String { description }
}
