// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Reads JSON bodies within the limits: size, time, and memory of all bodies together.
final class BodyReader: Sendable {
  private let limits: RESTBridgeLimits
  private let bytesInFlight = Mutex(0)

  /// - Parameter limits: those on bodies apply.
  init(limits: RESTBridgeLimits) {
    self.limits = limits
  }

  /// - Returns: empty when there is no body, of whatever type that would be.
  /// - Throws: 415 for a type other than JSON, 413 as soon as it is known that the body is too long, 408
  ///   when it does not come in time, 503 when all bodies together take too much memory.
  func readJSON(of request: Request, _ context: BridgeContext) async throws -> [UInt8] {
    let length = request.headers[.contentLength].flatMap { Int($0) }
    if length == 0 || length == nil && !request.headers.contains(.transferEncoding) { return [] }
    guard Self.isJSON(request.headers[.contentType]) else {
      context.close(after: limits.refusedBodyLinger)
      throw RESTError(
        .unsupportedMediaType,
        detail: "Unsupported media type \"\(request.headers[.contentType] ?? "")\" in request.",
        headers: [.connection: "close"])
    }
    do {
      if let length, length > limits.maxBodyBytes { throw tooLong }
      return try await Self.within(limits.bodyTimeout) { try await self.collect(request.body) }
    } catch let error as RESTError {
      context.close(after: limits.refusedBodyLinger)
      throw error
    }
  }

  /// - Throws: 408 when `read` has not come to its end in time.
  static func within<Value: Sendable>(
    _ limit: Duration, _ read: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { tasks in
      tasks.addTask { try await read() }
      tasks.addTask {
        try await Task.sleep(for: limit)
        throw RESTError(.requestTimeout, detail: "The body did not arrive in time.")
      }
      defer { tasks.cancelAll() }
      guard let first = try await tasks.next() else { throw CancellationError() }
      return first
    }
  }

  private func collect(_ body: RequestBody) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    var reserved = 0
    defer { bytesInFlight.withLock { $0 -= reserved } }
    for try await chunk in body {
      let count = chunk.readableBytes
      guard bytes.count + count <= limits.maxBodyBytes else { throw tooLong }
      let isAdmitted = bytesInFlight.withLock { total in
        guard total + count <= limits.maxBodyBytesInFlight else { return false }
        total += count
        return true
      }
      guard isAdmitted else {
        throw RESTError(
          .serviceUnavailable, detail: "Too many requests are being received.",
          retryAfter: .seconds(1), headers: [.connection: "close"])
      }
      reserved += count
      bytes.append(contentsOf: chunk.readableBytesView)
    }
    return bytes
  }

  private var tooLong: RESTError {
    RESTError(
      .contentTooLarge, detail: "The body is larger than \(limits.maxBodyBytes) bytes.",
      headers: [.connection: "close"])
  }

  /// A missing type is taken as JSON: RFC 9110 §8.3 lets the recipient look at the data.
  private static func isJSON(_ contentType: String?) -> Bool {
    guard let contentType else { return true }
    let type = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
    return type == "application/json" || type.hasPrefix("application/") && type.hasSuffix("+json")
  }
}
