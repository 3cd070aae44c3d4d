// SPDX-License-Identifier: Apache-2.0

public import RPCRuntime

/// An RPC with the messages that it takes and returns.
public struct MethodTypes: Sendable {
  /// The RPC.
  public let method: MethodDescriptor
  /// What the caller sends.
  public let request: any ProtobufMessage.Type
  /// What the server sends.
  public let response: any ProtobufMessage.Type

  /// - Parameters:
  ///   - method: the RPC.
  ///   - request: what the caller sends.
  ///   - response: what the server sends.
  public init(
    _ method: MethodDescriptor, request: any ProtobufMessage.Type,
    response: any ProtobufMessage.Type
  ) {
    self.method = method
    self.request = request
    self.response = response
  }
}
