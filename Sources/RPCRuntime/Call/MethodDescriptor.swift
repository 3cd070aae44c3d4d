// SPDX-License-Identifier: Apache-2.0

/// Which sides of a call carry more than one message.
public enum MethodKind: Hashable, Sendable {
  /// One request, one response.
  case unary
  /// Any number of requests, then one response.
  case clientStreaming
  /// One request, any number of responses.
  case serverStreaming
  /// Any number of both, at the same time.
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
  /// Shared by all copies: a descriptor goes with each call.
  private final class Names: Sendable {
    let service: String
    let method: String
    let path: String

    init(service: String, method: String) {
      self.service = service
      self.method = method
      path = "/\(service)/\(method)"
    }
  }

  private let names: Names
  /// Its shape.
  public let kind: MethodKind

  /// - Parameters:
  ///   - service: fully qualified name.
  ///   - method: name within the service.
  ///   - kind: the shape.
  public init(service: String, method: String, kind: MethodKind) {
    names = Names(service: service, method: method)
    self.kind = kind
  }

  /// Fully qualified service name: `traksense.v1.TelemetryService`.
  public var service: String { names.service }
  /// Method name: `Latest`.
  public var method: String { names.method }
  /// HTTP/2 `:path`: `/service/method`.
  public var path: String { names.path }

  /// Equal names and shape.
  public static func == (a: MethodDescriptor, b: MethodDescriptor) -> Bool {
    a.kind == b.kind && (a.names === b.names || a.path == b.path)
  }

  /// Of names and shape.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(path)
    hasher.combine(kind)
  }
}
