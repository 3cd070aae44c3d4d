// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import Logging
import NIOCore
import NIOPosix
import RPCRuntime
import SampleMessages
import Testing
import TrakSenseAPI

/// One RPC of each shape.
private struct Shapes: SampleV2.ShapesProtocol {
  func one(
    _ request: SampleV1.Scalars, context: ServerContext
  ) async throws(RPCError) -> SampleV1.Scalars { request }

  func gather(
    _ requests: RequestMessages<SampleV1.Scalars>, context: ServerContext
  ) async throws(RPCError) -> SampleV2.Elsewhere {
    var count: UInt32 = 0
    for try await request in requests {
      if request.aBool { throw RPCError(.outOfRange, "enough") }
      count += 1
    }
    return .init(count: count)
  }

  func spread(
    _ request: SampleV1.Lists, responses: MessageWriter<SampleV1.Scalars>, context: ServerContext
  ) async throws(RPCError) {
    for chunk in request.chunks { try await responses.write(.init(someBytes: chunk)) }
  }

  func talk(
    _ requests: RequestMessages<SampleV1.Scalars>, responses: MessageWriter<SampleV1.Scalars>,
    context: ServerContext
  ) async throws(RPCError) {
    for try await request in requests {
      try await responses.write(.init(anInt64: request.anInt64 * 2))
    }
  }
}

/// A server whose answers are not messages.
private struct Garbage: RPCService {
  static let garbage = MessageFrame { buffer in _ = buffer.writeInteger(0xFF as UInt8) }

  var handlers: [RPCHandler] {
    [
      RPCHandler(clientStreaming: SampleV2.ShapesMethods.gather) { _, _ async throws(RPCError) in
        Self.garbage
      },
      RPCHandler(bidirectional: SampleV2.ShapesMethods.talk) {
        _, writer, _ async throws(RPCError) in try await writer.write(Self.garbage)
      },
    ]
  }
}

@Suite("Calls of all four shapes", .timeLimit(.minutes(5)))
struct ShapesTests {
  enum Transport: CaseIterable {
    case inProcess
    case loopback
  }

  /// Runs `body` with a channel to the service.
  private func withChannel(
    _ transport: Transport, to service: any RPCService = Shapes(),
    _ body: (any RPCChannel) async throws -> Void
  ) async throws {
    let router = RPCRouter([service])
    guard transport == .loopback else { return try await body(InProcessChannel(router: router)) }
    let group = MultiThreadedEventLoopGroup.singleton
    let server = RPCServer(router: router, group: group, logger: Logger(label: "test"))
    let port = try await server.start(host: "127.0.0.1", port: 0)
    let connection = try await RPCConnection.connect(host: "127.0.0.1", port: port, group: group)
    do {
      try await body(connection)
    } catch {
      Issue.record(error)
    }
    await connection.close()
    await server.shutdown()
  }

  @Test("one message, many in, many out, many both ways", arguments: Transport.allCases)
  func shapes(_ transport: Transport) async throws {
    try await withChannel(transport) { channel in
      let client = SampleV2.ShapesClient(channel: channel)
      let message = SampleV1.Scalars(someBytes: Array(repeating: 7, count: 300_000))
      #expect(try await client.one(message) == message)

      let gathered = try await client.gather { writer async throws(RPCError) in
        for _ in 0..<1000 { try await writer.write(.init(aString: "x")) }
      }
      #expect(gathered.count == 1000)

      var chunks: [[UInt8]] = []
      for try await message in try await client.spread(.init(chunks: [[1], [], [2, 3]])) {
        chunks.append(message.someBytes)
      }
      #expect(chunks == [[1], [], [2, 3]])

      let call = try await client.talk()
      var answers = call.responses.makeAsyncIterator()
      for number in 1...100 as ClosedRange<Int64> {
        try await call.requests.write(.init(anInt64: number))
        #expect(try await answers.next()?.anInt64 == number * 2)
      }
      await call.requests.finish()
      #expect(try await answers.next() == nil)
    }
  }

  @Test("a handler that ends early says how", arguments: Transport.allCases)
  func earlyEnd(_ transport: Transport) async throws {
    try await withChannel(transport) { channel in
      let client = SampleV2.ShapesClient(channel: channel)
      let error = await #expect(throws: RPCError.self) {
        try await client.gather { writer async throws(RPCError) in
          while true { try await writer.write(.init(aBool: true)) }
        }
      }
      #expect(error == RPCError(.outOfRange, "enough"))
    }
  }

  @Test("a caller that throws ends the call with its own error", arguments: Transport.allCases)
  func callerThrows(_ transport: Transport) async throws {
    try await withChannel(transport) { channel in
      let error = await #expect(throws: RPCError.self) {
        try await SampleV2.ShapesClient(channel: channel).gather { _ async throws(RPCError) in
          throw RPCError(.dataLoss, "mine")
        }
      }
      #expect(error == RPCError(.dataLoss, "mine"))
    }
  }

  @Test(
    "a streamed request that is not the message is INVALID_ARGUMENT",
    arguments: Transport.allCases)
  func badRequest(_ transport: Transport) async throws {
    try await withChannel(transport) { channel in
      let expected = RPCError(.invalidArgument, "request is not a valid sample.v1.Scalars")
      let gather = await #expect(throws: RPCError.self) {
        try await channel.clientStreaming(SampleV2.ShapesMethods.gather, options: .init()) {
          (writer: RequestWriter) async throws(RPCError) in
          try await writer.write(Garbage.garbage)
        }
      }
      #expect(gather == expected)
      let talk = try await channel.open(SampleV2.ShapesMethods.talk, options: .init())
      try await talk.requests.write(SampleV1.Scalars(anInt64: 1).frame())
      var answers = talk.responses.makeAsyncIterator()
      #expect(try await answers.next() != nil)
      try await talk.requests.write(Garbage.garbage)
      let error = await #expect(throws: RPCError.self) { try await answers.next() }
      #expect(error == expected)
    }
  }

  @Test("a streamed response that is not the message is INTERNAL", arguments: Transport.allCases)
  func badResponse(_ transport: Transport) async throws {
    try await withChannel(transport, to: Garbage()) { channel in
      let client = SampleV2.ShapesClient(channel: channel)
      let gather = await #expect(throws: RPCError.self) {
        try await client.gather { _ async throws(RPCError) in }
      }
      #expect(
        gather == RPCError(.internalError, "response is not a valid sample.v2.Elsewhere"))
      var answers = try await client.talk().responses.makeAsyncIterator()
      let talk = await #expect(throws: RPCError.self) { try await answers.next() }
      #expect(talk == RPCError(.internalError, "response is not a valid sample.v1.Scalars"))
    }
  }

  @Test("a schema knows its messages, RPCs and files")
  func schema() throws {
    let schema = ProtobufSchema.sample
    #expect(schema.message(named: "sample.v1.Outer.Inner") is SampleV1.Outer.Inner.Type)
    #expect(schema.message(named: "sample.v1.Maps.LabelsEntry") == nil)
    let talk = try #require(schema.method(path: "/sample.v2.Shapes/Talk"))
    #expect(talk.method.kind == .bidirectional)
    #expect(talk.request is SampleV1.Scalars.Type)
    #expect(
      schema.files.map(\.name) == [
        "google/protobuf/any.proto", "google/protobuf/duration.proto",
        "google/protobuf/struct.proto", "google/protobuf/timestamp.proto",
        "google/protobuf/wrappers.proto", "sample/v1/other.proto", "sample/v1/kinds.proto",
        "sample/v2/shapes.proto",
      ])
    let kinds = try #require(schema.files.first { $0.name == "sample/v1/kinds.proto" })
    for symbol in [
      "sample.v1.Outer.Inner.Depth", "sample.v1.Outer.Inner.DEEP", "sample.v1.Outer.choice",
      "sample.v1.Maps.LabelsEntry", "sample.v1.Scalars.a_double",
    ] {
      #expect(kinds.symbols.contains(symbol), "\(symbol)")
    }
  }

  @Test("a foreign tool understands the embedded descriptors")
  func descriptors() async throws {
    let folder = try TemporaryDirectory()
    let set = folder.url.appending(path: "descriptors")
    var bytes = Data()
    for file in ProtobufSchema.sample.files {
      // FileDescriptorSet.file, its length as a varint of three bytes.
      let count = file.descriptor.count
      bytes += [0x0A, UInt8(count & 0x7F) | 0x80, UInt8(count >> 7 & 0x7F) | 0x80]
      bytes += [UInt8(count >> 14)] + file.descriptor
    }
    try bytes.write(to: set)
    let message = SampleV2.Elsewhere(count: 3, other: .init(level: .high))
    let text = try await Protoc.run(
      [
        "--descriptor_set_in=\(set.path)", "--decode=sample.v2.Elsewhere", "sample/v2/shapes.proto",
      ],
      message.bytes)
    #expect(String(decoding: text, as: UTF8.self) == "count: 3\nother {\n  level: HIGH\n}\n")
  }
}
