// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import RPCRuntime
import SampleMessages
import Testing

@testable import TrakSenseAPI

/// Fails every call with the same error.
private struct Failing: RPCService {
  let error: RPCError

  var handlers: [RPCHandler] {
    [
      RPCHandler(unary: SampleV2.ShapesMethods.one) { _, _ async throws(RPCError) in throw error },
      RPCHandler(clientStreaming: SampleV2.ShapesMethods.gather) {
        _, _ async throws(RPCError) in throw error
      },
      RPCHandler(serverStreaming: SampleV2.ShapesMethods.spread) {
        _, _, _ async throws(RPCError) in throw error
      },
      RPCHandler(bidirectional: SampleV2.ShapesMethods.talk) {
        _, _, _ async throws(RPCError) in throw error
      },
    ]
  }
}

@Suite("Error details", .timeLimit(.minutes(5)))
struct ErrorDetailsTests {
  private static let details = ErrorDetails(
    violations: [
      FieldViolation(field: "readings[0].unit", description: "expected °C"),
      FieldViolation(field: "tenant", description: ""),
    ], retryAfter: .milliseconds(2500),
    reason: ErrorReason("QUOTA", domain: "traksense", metadata: ["limit": "5", "unit": "s"]),
    resource: ErrorResource(type: "sensor", name: "s-1", owner: "umc", description: "gone"))

  private func failure() -> RPCError {
    var error = RPCError(.invalidArgument, "bad", metadata: ["x-own": "1"])
    error.details = Self.details
    return error
  }

  @Test("details reach a client over the wire, from calls of every shape")
  func overTheWire() async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let server = RPCServer(
      router: RPCRouter(
        [Failing(error: failure())], interceptors: [ErrorDetailsInterceptor()]),
      group: group, logger: Logger(label: "test"))
    let port = try await server.start(host: "127.0.0.1", port: 0)
    let connection = try await RPCConnection.connect(host: "127.0.0.1", port: port, group: group)
    let client = SampleV2.ShapesClient(channel: connection)
    let errors = [
      await #expect(throws: RPCError.self) { try await client.one(.init()) },
      await #expect(throws: RPCError.self) {
        try await client.gather { _ async throws(RPCError) in }
      },
      await #expect(throws: RPCError.self) {
        for try await _ in try await client.spread(.init()) {}
      },
      await #expect(throws: RPCError.self) {
        for try await _ in try await client.talk().responses {}
      },
    ]
    for error in errors {
      #expect(error?.code == .invalidArgument)
      #expect(error?.details == Self.details)
      #expect(error?.metadata["x-own"] == "1")
      #expect(error?.metadata.entries.count { $0.key == RPCError.detailsKey } == 1)
    }
    await connection.close()
    await server.shutdown()
  }

  @Test("a caller in the same process gets the error as it was thrown")
  func inProcess() async throws {
    let router = RPCRouter(
      [Failing(error: failure())], interceptors: [ErrorDetailsInterceptor()])
    let client = SampleV2.ShapesClient(channel: InProcessChannel(router: router))
    let error = await #expect(throws: RPCError.self) { try await client.one(.init()) }
    #expect(error == failure())
  }

  @Test("an error without details has no trailer, and one that has the trailer keeps it")
  func onlyOnce() {
    let plain = RPCError(.notFound, "no")
    #expect(plain.withEncodedDetails == plain)
    #expect(plain.withDecodedDetails == plain)
    let once = failure().withEncodedDetails
    #expect(once.metadata.entries.count == 2)
    #expect(once.withEncodedDetails == once)
    var foreign = failure()
    foreign.metadata.add("AAAA", for: RPCError.detailsKey)
    #expect(foreign.withEncodedDetails == foreign)
  }

  @Test("each kind of detail alone is carried", arguments: 0..<4)
  func each(_ kind: Int) {
    var error = RPCError(.aborted, "x")
    switch kind {
    case 0: error.violations = Self.details.violations
    case 1: error.retryAfter = .nanoseconds(1)
    case 2: error.details.reason = ErrorReason("", domain: "")
    default: error.details.resource = ErrorResource(type: "", name: "n")
    }
    var received = RPCError(.aborted, "x")
    received.metadata = error.withEncodedDetails.metadata
    #expect(received.withDecodedDetails.details == error.details)
  }

  @Test("too many violations are cut to what a trailer may hold", arguments: [1, 50, 10_000])
  func tooMany(_ count: Int) throws {
    let violations = (0..<count).map { number in
      FieldViolation(field: "readings[\(number)].unit", description: "expected °C, got bananas")
    }
    let sent = RPCError(.invalidArgument, "x", violations: violations).withEncodedDetails
    let text = try #require(sent.metadata[RPCError.detailsKey])
    #expect(text.utf8.count <= RPCError.detailsLimit / 3 * 4 + 4)
    let received = RPCError(.invalidArgument, "x", metadata: sent.metadata).withDecodedDetails
    #expect(!received.violations.isEmpty)
    #expect(received.violations == Array(violations.prefix(received.violations.count)))
    #expect(received.violations.count == count || count == 10_000)
    // One that is too long alone is left out.
    let long = RPCError(
      .invalidArgument, "x",
      violations: [FieldViolation(field: String(repeating: "f", count: 5000), description: "")])
    let rest = long.withEncodedDetails.withDecodedDetails
    #expect(rest.code == .invalidArgument)
  }

  @Test(
    "a trailer that cannot be read adds nothing", arguments: ["", "?", "AAAA", "CAM", "/////w"])
  func garbage(_ text: String) {
    let error = RPCError(.notFound, "x", metadata: [RPCError.detailsKey: text])
    #expect(error.withDecodedDetails.details.isEmpty)
  }
}
