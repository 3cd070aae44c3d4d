// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("HTTP/2 without a socket")
struct HTTP2SessionTests {
  private static let request: HeaderList = [
    ":method": "POST", ":scheme": "http", ":path": "/echo.Echo/Say", ":authority": "test",
    "content-type": "application/grpc", "te": "trailers",
  ]

  private static func bytes(_ session: inout HTTP2Session) throws -> [UInt8] {
    var output = OutputQueue()
    try session.send(into: &output, limit: .max)
    return output.buffers.flatMap { Array(buffer: $0) }
  }

  private static func receive(
    _ session: inout HTTP2Session, _ bytes: some Collection<UInt8>
  ) throws -> [HTTP2Event] {
    try Array(bytes).withUnsafeBytes { try session.receive($0) }
  }

  /// A client's preface, two requests with bodies, and a reset.
  private static func conversation() throws -> [UInt8] {
    var client = try HTTP2Session(HTTP2SessionConfiguration(role: .client))
    for text in ["hello", String(repeating: "y", count: 20_000)] {
      let body = OutboundBody()
      body.append(MessageFrame { $0.writeString(text) }.framed)
      body.end = .endStream
      _ = try client.request(headers: request, body: body)
    }
    var all = try bytes(&client)
    client.reset(3, .cancel)
    all += try bytes(&client)
    return all
  }

  /// Joins adjacent `data` events: how bytes are cut is not part of the meaning.
  private static func normalized(_ events: [HTTP2Event]) -> [HTTP2Event] {
    var result: [HTTP2Event] = []
    for event in events {
      if case .data(let id, let bytes) = event, case .data(id, var before)? = result.last {
        before.writeImmutableBuffer(bytes)
        result[result.count - 1] = .data(id, before)
      } else {
        result.append(event)
      }
    }
    return result
  }

  @Test("a conversation cut at any byte has the same meaning")
  func everySplit() throws {
    let all = try Self.conversation()
    var whole = try HTTP2Session(HTTP2SessionConfiguration(role: .server))
    let expected = Self.normalized(try Self.receive(&whole, all))
    #expect(expected.contains { if case .streamClosed(3, .cancel) = $0 { true } else { false } })
    #expect(expected.contains(.headers(1, Self.request, endStream: false)))
    // Every cut in the interesting part; the long body is sampled.
    for cut in (0...all.count) where cut < 600 || cut % 97 == 0 || cut > all.count - 40 {
      var session = try HTTP2Session(HTTP2SessionConfiguration(role: .server))
      let events =
        try Self.receive(&session, all[..<cut]) + Self.receive(&session, all[cut...])
      #expect(Self.normalized(events) == expected, "cut at \(cut)")
    }
  }

  @Test("one byte at a time has the same meaning")
  func byteByByte() throws {
    let all = try Self.conversation()
    var whole = try HTTP2Session(HTTP2SessionConfiguration(role: .server))
    let expected = Self.normalized(try Self.receive(&whole, all))
    var session = try HTTP2Session(HTTP2SessionConfiguration(role: .server))
    var events: [HTTP2Event] = []
    for byte in all { events += try Self.receive(&session, [byte]) }
    #expect(Self.normalized(events) == expected)
  }

  @Test("a request and its answer cross two sessions")
  func roundTrip() throws {
    var client = try HTTP2Session(HTTP2SessionConfiguration(role: .client))
    var server = try HTTP2Session(HTTP2SessionConfiguration(role: .server))
    let requestBody = OutboundBody()
    requestBody.append(ByteBuffer(string: "ping"))
    requestBody.end = .endStream
    let id = try client.request(headers: Self.request, body: requestBody)
    _ = try Self.receive(&server, Self.bytes(&client))
    let responseBody = OutboundBody()
    try server.respond(
      to: id, headers: [":status": "200"], body: responseBody)
    var events = try Self.receive(&client, Self.bytes(&server))
    #expect(events.contains(.headers(id, [":status": "200"], endStream: false)))
    #expect(responseBody.isDeferred)
    responseBody.append(ByteBuffer(string: "pong"))
    server.resume(id, responseBody)
    events = try Self.receive(&client, Self.bytes(&server))
    #expect(events == [.data(id, ByteBuffer(string: "pong"))])
    responseBody.end = .trailers(["grpc-status": "0"])
    server.resume(id, responseBody)
    events = try Self.receive(&client, Self.bytes(&server))
    #expect(
      events == [
        .headers(id, ["grpc-status": "0"], endStream: true), .streamClosed(id, .noError),
      ])
  }

  @Test("a closed window keeps the rest in the body until credit returns")
  func flowControl() throws {
    var configuration = HTTP2SessionConfiguration(role: .client)
    configuration.streamWindow = 65_535
    configuration.connectionWindow = 65_535
    var client = try HTTP2Session(configuration)
    var server = try HTTP2Session(HTTP2SessionConfiguration(role: .server))
    let requestBody = OutboundBody()
    requestBody.end = .endStream
    let id = try client.request(headers: Self.request, body: requestBody)
    _ = try Self.receive(&server, Self.bytes(&client))
    let body = OutboundBody()
    body.append(ByteBuffer(repeating: 7, count: 100_000))
    body.end = .trailers(["grpc-status": "0"])
    try server.respond(to: id, headers: [":status": "200"], body: body)
    _ = try Self.receive(&client, Self.bytes(&server))
    #expect(body.queuedBytes == 100_000 - 65_535)
    #expect(try Self.bytes(&server).isEmpty)
    client.consume(65_535, on: id)
    _ = try Self.receive(&server, Self.bytes(&client))
    _ = try Self.bytes(&server)
    #expect(body.queuedBytes == 0)
  }

  @Test("header lists are accepted up to the limit", arguments: [-1, 0, 1])
  func headerLimit(excess: Int) throws {
    var configuration = HTTP2SessionConfiguration(role: .server)
    configuration.maxHeaderListBytes = 4096
    var server = try HTTP2Session(configuration)
    var client = try HTTP2Session(HTTP2SessionConfiguration(role: .client))
    var headers = Self.request
    let rest = 4096 + excess - headers.decodedSize - 32 - 1
    headers.append("x", String(repeating: "v", count: rest))
    #expect(headers.decodedSize == 4096 + excess)
    let body = OutboundBody()
    body.end = .endStream
    let id = try client.request(headers: headers, body: body)
    let events = try Self.receive(&server, Self.bytes(&client))
    if excess > 0 {
      #expect(events.contains(.headersTooLarge(id)))
    } else {
      #expect(events.contains(.headers(id, headers, endStream: false)))
    }
  }

  @Test("random bytes never do more than end the connection", arguments: 0..<200)
  func garbage(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var bytes = try Self.conversation()
    for _ in 0..<(1 + Int(random.next() % 20)) {
      bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
    }
    var session = try HTTP2Session(HTTP2SessionConfiguration(role: .server))
    do {
      _ = try Self.receive(&session, bytes)
      _ = try Self.bytes(&session)
    } catch is HTTP2Error {
      // The connection is over; that is the worst that may happen.
    }
  }
}
