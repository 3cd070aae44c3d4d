// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPCRuntime
import Testing
import TrakSenseAPI

/// A service whose answers show what it was asked.
private struct EchoService: TraksenseV1.TelemetryServiceProtocol {
  func ingest(
    _ request: TraksenseV1.IngestRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.IngestResponse {
    throw RPCError(
      .notFound, "no such sensor",
      violations: [FieldViolation(field: "readings[0].sensor_id", description: "unknown")])
  }

  func latest(
    _ request: TraksenseV1.LatestRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.LatestResponse {
    .init(
      deviceID: request.deviceID + (context.metadata["x-tenant"] ?? ""),
      count: UInt32(request.sensorID.count), readings: request.sensorID.map { .init(sensorID: $0) })
  }

  func history(
    _ request: TraksenseV1.HistoryRequest, responses: MessageWriter<TraksenseV1.HistoryResponse>,
    context: ServerContext
  ) async throws(RPCError) {
    try await responses.write(.init(interval: request.interval))
    throw RPCError(.outOfRange, "no more")
  }

  func subscribe(
    _ request: TraksenseV1.SubscribeRequest,
    responses: MessageWriter<TraksenseV1.SubscribeResponse>, context: ServerContext
  ) async throws(RPCError) {
    try await responses.write(.init(event: .start(.init(cursor: 1))))
    let shared = TraksenseV1.SubscribeResponse(event: .block(.init(cursor: 2))).frame()
    for _ in request.deviceID { try await responses.write(frame: shared) }
  }
}

/// A server that does not speak protobuf.
private struct GarbageService: RPCService {
  static let garbage = MessageFrame { buffer in _ = buffer.writeInteger(0xFF as UInt8) }

  var handlers: [RPCHandler] {
    [
      RPCHandler(unary: TraksenseV1.TelemetryServiceMethods.latest) {
        _, _ async throws(RPCError) in Self.garbage
      },
      RPCHandler(serverStreaming: TraksenseV1.TelemetryServiceMethods.subscribe) {
        _, writer, _ async throws(RPCError) in try await writer.write(Self.garbage)
      },
    ]
  }
}

@Suite("Service and client", .timeLimit(.minutes(5)))
struct TelemetryServiceTests {
  private let channel = InProcessChannel(router: RPCRouter([EchoService()]))
  private var client: TraksenseV1.TelemetryServiceClient { .init(channel: channel) }

  @Test("all RPCs of the .proto are served under their names")
  func methods() {
    let paths = RPCRouter([EchoService()]).methods.map { "\($0.path) \($0.kind)" }
    #expect(
      paths == [
        "/traksense.v1.TelemetryService/History serverStreaming",
        "/traksense.v1.TelemetryService/Ingest unary",
        "/traksense.v1.TelemetryService/Latest unary",
        "/traksense.v1.TelemetryService/Subscribe serverStreaming",
      ])
  }

  @Test("a unary call carries request, metadata and response")
  func unary() async throws {
    let response = try await client.latest(
      .init(deviceID: "ahu-", sensorID: ["a", "b"]),
      options: CallOptions(metadata: ["x-tenant": "umc"]))
    #expect(response.deviceID == "ahu-umc")
    #expect(response.readings.map(\.sensorID) == ["a", "b"])
    #expect(response.count == 2)
  }

  @Test("a handler's status reaches the client whole")
  func status() async {
    let error = await #expect(throws: RPCError.self) { try await client.ingest(.init()) }
    #expect(error?.code == .notFound)
    #expect(error?.violations.map(\.field) == ["readings[0].sensor_id"])
  }

  @Test("a stream carries messages, also encoded ones, and ends")
  func stream() async throws {
    var events: [TraksenseV1.SubscribeResponse] = []
    for try await event in try await client.subscribe(.init(deviceID: ["a", "b"])) {
      events.append(event)
    }
    #expect(
      events == [
        .init(event: .start(.init(cursor: 1))), .init(event: .block(.init(cursor: 2))),
        .init(event: .block(.init(cursor: 2))),
      ])
  }

  @Test("a stream throws the handler's status after its messages")
  func streamStatus() async throws {
    var messages = try await client.history(.init(interval: "5m")).makeAsyncIterator()
    #expect(try await messages.next()?.interval == "5m")
    let error = await #expect(throws: RPCError.self) { try await messages.next() }
    #expect(error?.code == .outOfRange)
  }

  @Test("a request that is not the message is INVALID_ARGUMENT")
  func badRequest() async throws {
    let unary = await #expect(throws: RPCError.self) {
      try await channel.unary(
        TraksenseV1.TelemetryServiceMethods.latest, GarbageService.garbage, options: .init())
    }
    #expect(
      unary == RPCError(.invalidArgument, "request is not a valid traksense.v1.LatestRequest"))
    let stream = try await channel.serverStreaming(
      TraksenseV1.TelemetryServiceMethods.subscribe, GarbageService.garbage, options: .init())
    let streaming = await #expect(throws: RPCError.self) { for try await _ in stream {} }
    #expect(
      streaming
        == RPCError(.invalidArgument, "request is not a valid traksense.v1.SubscribeRequest"))
  }

  @Test("a response that is not the message is INTERNAL")
  func badResponse() async throws {
    let client = TraksenseV1.TelemetryServiceClient(
      channel: InProcessChannel(router: RPCRouter([GarbageService()])))
    let unary = await #expect(throws: RPCError.self) { try await client.latest(.init()) }
    #expect(
      unary == RPCError(.internalError, "response is not a valid traksense.v1.LatestResponse"))
    let stream = try await client.subscribe(.init())
    let streaming = await #expect(throws: RPCError.self) { for try await _ in stream {} }
    #expect(streaming?.code == .internalError)
  }

  @Test("an RPC that nobody serves is UNIMPLEMENTED")
  func unimplemented() async {
    let client = TraksenseV1.TelemetryServiceClient(
      channel: InProcessChannel(router: RPCRouter([GarbageService()])))
    let error = await #expect(throws: RPCError.self) { try await client.ingest(.init()) }
    #expect(error?.code == .unimplemented)
  }
}
