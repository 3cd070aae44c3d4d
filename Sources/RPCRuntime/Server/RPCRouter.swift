// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// A group of RPCs that one value implements. Generated service protocols refine it.
public protocol RPCService: Sendable {
  /// One handler per RPC of the service.
  var handlers: [RPCHandler] { get }
}

/// The code behind one RPC, on bytes.
public struct RPCHandler: Sendable {
  /// Takes the one request message, returns the one response message.
  public typealias Unary =
    @Sendable (ByteBuffer, ServerContext) async throws(RPCError) -> MessageFrame
  /// Takes the one request message, writes any number of responses, returns when done.
  public typealias ServerStreaming =
    @Sendable (ByteBuffer, ResponseWriter, ServerContext) async throws(RPCError) -> Void

  /// Takes any number of request messages, returns the one response message.
  public typealias ClientStreaming =
    @Sendable (RequestStream, ServerContext) async throws(RPCError) -> MessageFrame
  /// Takes and writes any number of messages, in whatever order they like.
  public typealias Bidirectional =
    @Sendable (RequestStream, ResponseWriter, ServerContext) async throws(RPCError) -> Void

  enum Body: Sendable {
    case unary(Unary)
    case clientStreaming(ClientStreaming)
    case serverStreaming(ServerStreaming)
    case bidirectional(Bidirectional)
  }

  /// The RPC it answers.
  public let method: MethodDescriptor
  let body: Body

  private init(_ method: MethodDescriptor, _ body: Body) {
    self.method = method
    self.body = body
  }

  /// The same RPC with other code of the same shape.
  func replacing(_ body: Body) -> RPCHandler { RPCHandler(method, body) }

  /// - Parameters:
  ///   - method: must be `.unary`.
  ///   - body: the code.
  public init(unary method: MethodDescriptor, _ body: @escaping Unary) {
    precondition(method.kind == .unary, "\(method.path) is not unary")
    self.method = method
    self.body = .unary(body)
  }

  /// - Parameters:
  ///   - method: must be `.serverStreaming`.
  ///   - body: the code.
  public init(serverStreaming method: MethodDescriptor, _ body: @escaping ServerStreaming) {
    precondition(method.kind == .serverStreaming, "\(method.path) is not server-streaming")
    self.method = method
    self.body = .serverStreaming(body)
  }

  /// - Parameters:
  ///   - method: must be `.clientStreaming`.
  ///   - body: the code.
  public init(clientStreaming method: MethodDescriptor, _ body: @escaping ClientStreaming) {
    precondition(method.kind == .clientStreaming, "\(method.path) is not client-streaming")
    self.method = method
    self.body = .clientStreaming(body)
  }

  /// - Parameters:
  ///   - method: must be `.bidirectional`.
  ///   - body: the code.
  public init(bidirectional method: MethodDescriptor, _ body: @escaping Bidirectional) {
    precondition(method.kind == .bidirectional, "\(method.path) is not bidirectional")
    self.method = method
    self.body = .bidirectional(body)
  }
}

extension RPCHandler {
  /// Runs the code on streams, whatever its shape: single messages are read from, and written to, them.
  func run(
    _ source: any RequestSource, _ sink: any ResponseSink, _ context: ServerContext
  ) async throws(RPCError) {
    let requests = RequestStream(source: source)
    let responses = ResponseWriter(sink: sink)
    switch body {
    case .unary(let body):
      try await responses.write(body(try await requests.single(), context))
    case .clientStreaming(let body): try await responses.write(body(requests, context))
    case .serverStreaming(let body):
      try await body(try await requests.single(), responses, context)
    case .bidirectional(let body): try await body(requests, responses, context)
    }
  }
}

extension RequestStream {
  fileprivate func single() async throws(RPCError) -> ByteBuffer {
    var messages = makeAsyncIterator()
    guard let message = try await messages.next() else {
      throw RPCError(.invalidArgument, "request message is missing")
    }
    guard try await messages.next() == nil else {
      throw RPCError(.unimplemented, "more than one request message")
    }
    return message
  }
}

/// Finds the handler of a path. Immutable: shared by all event loops without a lock.
public struct RPCRouter: Sendable {
  private let table: PathTable
  private let services: Set<String>
  let observer: (any ServerObserver)?

  /// - Parameters:
  ///   - services: no two may implement the same RPC.
  ///   - interceptors: around every call, over the wire or in-process; the first one is the outermost.
  ///   - observer: hears of calls that get no handler, which the interceptors do not see.
  public init(
    _ services: [any RPCService], interceptors: [any ServerInterceptor] = [],
    observer: (any ServerObserver)? = nil
  ) {
    self.observer = observer
    var table: [String: RPCHandler] = [:]
    for handler in services.flatMap(\.handlers) {
      precondition(table[handler.method.path] == nil, "\(handler.method.path) is served twice")
      table[handler.method.path] = handler.intercepted(by: interceptors)
    }
    self.table = PathTable(Array(table.values))
    self.services = Set(table.values.map(\.method.service))
  }

  /// All RPCs served, ordered by path.
  public var methods: [MethodDescriptor] {
    table.handlers.map(\.method).sorted { $0.path < $1.path }
  }

  func handler(path: UnsafeBufferPointer<UInt8>) -> RPCHandler? { unsafe table[path] }

  func handler(path: String) -> RPCHandler? {
    var path = path
    return path.withUTF8 { unsafe table[$0] }
  }

  /// The error for a path that has no handler.
  func unimplemented(path: String) -> RPCError {
    let parts = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: true)
    if let service = parts.first, services.contains(String(service)) {
      return RPCError(.unimplemented, "unknown method \(path)")
    }
    return RPCError(.unimplemented, "unknown service \(parts.first ?? "")")
  }
}
