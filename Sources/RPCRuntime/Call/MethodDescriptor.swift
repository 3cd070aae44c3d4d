// SPDX-License-Identifier: Apache-2.0

/// Which sides of a call carry more than one message.
public enum MethodKind: Hashable, Sendable {
  case unary
  case clientStreaming
  case serverStreaming
  case bidirectional

  /// True when the caller sends any number of messages.
  public var streamsRequests: Bool {
    switch self {
    case .unary, .serverStreaming: false
    case .clientStreaming, .bidirectional: true
    }
  }
}

/// Names one RPC.
public struct MethodDescriptor: Hashable, Sendable {
  /// Fully qualified service name: `traksense.v1.TelemetryService`.
  public let service: String
  /// Method name: `Latest`.
  public let method: String
  /// Its shape.
  public let kind: MethodKind
  /// HTTP/2 `:path`: `/service/method`.
  public let path: String

  /// - Parameters:
  ///   - service: fully qualified name.
  ///   - method: name within the service.
  ///   - kind: the shape.
  public init(service: String, method: String, kind: MethodKind) {
    self.service = service
    self.method = method
    self.kind = kind
    path = "/\(service)/\(method)"
  }
}
