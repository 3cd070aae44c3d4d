// SPDX-License-Identifier: Apache-2.0

import RPCRuntime

/// What was generated into one module: for tools that learn at run time which message or RPC is meant.
public struct ProtobufSchema: Sendable {
  /// The RPCs with their messages, in the order of the files.
  public let methods: [MethodTypes]
  /// Those of the RPCs that are reached over HTTP with JSON, too.
  package let routes: [HTTPRoute]
  /// The .proto files and all that they import, imported ones first.
  public let files: [ProtobufFile]
  private let messages: [String: any ProtobufMessage.Type]

  /// - Parameters:
  ///   - messages: no two of one name.
  ///   - methods: the RPCs with their messages.
  ///   - routes: those that are reached over HTTP.
  ///   - files: the .proto files and all that they import.
  package init(
    messages: [any ProtobufMessage.Type], methods: [MethodTypes], routes: [HTTPRoute],
    files: [ProtobufFile]
  ) {
    let wellKnown: [any ProtobufMessage.Type] = [
      ProtoAny.self, ProtoDuration.self, ProtoTimestamp.self,
    ]
    self.messages = Dictionary((wellKnown + messages).map { ($0.fullName, $0) }) { $1 }
    self.methods = methods
    self.routes = routes
    self.files = files
  }

  /// The type of a message by its name with package; nil: there is none.
  public func message(named name: String) -> (any ProtobufMessage.Type)? { messages[name] }

  /// The RPC of a path: `/traksense.v1.TelemetryService/Latest`; nil: there is none.
  public func method(path: String) -> MethodTypes? {
    methods.first { $0.method.path == path }
  }
}
