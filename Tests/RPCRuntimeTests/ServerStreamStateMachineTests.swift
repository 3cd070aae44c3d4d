// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import RPCRuntime

@Suite("The server's side of a call")
struct ServerStreamStateMachineTests {
  private static let hello = MessageFrame { $0.writeString("hello") }.framed

  private static func machine(_ inputs: [ByteBuffer], streamsRequests: Bool = false) throws
    -> ServerStreamStateMachine
  {
    var machine = ServerStreamStateMachine(
      maxMessageBytes: 100, streamsRequests: streamsRequests)
    for input in inputs { try machine.receivedData(input) }
    return machine
  }

  @Test("one message and the end run the handler")
  func dispatch() throws {
    var machine = try Self.machine([Self.hello])
    #expect(machine.receivedEndStream() == .dispatch(ByteBuffer(string: "hello")))
    #expect(machine.receivedEndStream() == .ignore)
  }

  @Test("no message, half a message and two messages are answered")
  func wrongRequests() throws {
    var none = try Self.machine([])
    #expect(
      none.receivedEndStream() == .fail(RPCError(.invalidArgument, "request message is missing")))
    var half = try Self.machine([ByteBuffer(bytes: Array(buffer: Self.hello).dropLast())])
    #expect(
      half.receivedEndStream()
        == .fail(RPCError(.invalidArgument, "request ended in the middle of a message")))
    for second in [Self.hello, ByteBuffer(bytes: [0])] {
      #expect(throws: RPCError(.unimplemented, "more than one request message")) {
        _ = try Self.machine([Self.hello, second])
      }
    }
  }

  @Test("a request stream is read message by message, to its end")
  func requestStream() throws {
    var machine = try Self.machine([Self.hello, Self.hello], streamsRequests: true)
    #expect(machine.messagesReceived == 2)
    #expect(machine.read() == .message(ByteBuffer(string: "hello")))
    #expect(machine.hasMessages)
    #expect(machine.read() == .message(ByteBuffer(string: "hello")))
    #expect(machine.read() == .wait)
    #expect(machine.receivedEndStream() == .endRequests)
    #expect(machine.read() == .end)
    #expect(!machine.hasMessages)
  }

  @Test("headers go before the first message only, and the status goes once")
  func responses() throws {
    var machine = try Self.machine([Self.hello])
    #expect(machine.sendingMessage() == .sendHeadersAndMessage)
    #expect(machine.sendingMessage() == .sendMessage)
    #expect(machine.sendingStatus() == .sendTrailers)
    #expect(machine.sendingStatus() == .ignore)
    #expect(machine.sendingMessage() == .refuse)
    var early = try Self.machine([])
    #expect(early.sendingStatus() == .sendTrailersOnly)
    #expect(early.isAnswered)
    #expect(early.receivedEndStream() == .ignore)
    try early.receivedData(Self.hello)
    #expect(early.unfinishedBytes == 0)
  }
}
