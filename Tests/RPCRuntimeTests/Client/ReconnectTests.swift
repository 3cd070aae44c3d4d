// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("A client whose servers come and go", .timeLimit(.minutes(5)))
struct ReconnectTests {
  @Test("connects with the first call, closes with the last word")
  func states() async throws {
    let server = try await NamedServer("a")
    try await withClient(server.target) { client async throws in
      #expect(client.state == .idle)
      #expect(try await client.ask(NamedServer.name) == "a")
      #expect(client.state == .ready)
      let states = Task { await client.states().reduce(into: []) { $0.append($1) } }
      await client.close()
      #expect(client.state == .shutdown)
      #expect(await states.value.last == .shutdown)
      let error = await client.failure(NamedServer.name)
      #expect(error?.code == .unavailable)
      #expect(error?.message == "the client is closed")
    }
    await server.stop()
  }

  @Test("a server that is not there fails calls at once, and the error says why")
  func failFast() async throws {
    let server = try await NamedServer("a")
    await server.stop()
    try await withClient(server.target) { client async throws in
      let error = await client.failure(NamedServer.name)
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains("cannot connect to") == true)
      #expect(error?.message.contains("\(server.port)") == true)
      #expect(client.state == .transientFailure)
      // While it keeps trying, calls still fail with that.
      #expect(await client.failure(NamedServer.name)?.message == error?.message)
    }
  }

  @Test("a call that waits for ready waits for a server that is not there yet, and all go out")
  func waitForReady() async throws {
    let first = try await NamedServer("first")
    await first.stop()
    try await withClient(first.target) { client async throws in
      let waiting = (0..<20).map { _ in
        Task {
          try await client.ask(NamedServer.name, "", CallOptions(waitForReady: true))
        }
      }
      try await eventually("the client has failed to connect") {
        client.state == .transientFailure
      }
      let second = try await NamedServer("second", port: first.port)
      for call in waiting { #expect(try await call.value == "second") }
      await second.stop()
    }
  }

  @Test("the deadline covers waiting for a connection, and says what it waited for")
  func deadlineWhileWaiting() async throws {
    let server = try await NamedServer("a")
    await server.stop()
    try await withClient(server.target) { client async throws in
      client.connect()
      try await eventually("the client tries") { client.state == .transientFailure }
      let error = await client.failure(
        NamedServer.name, "", CallOptions(timeout: .milliseconds(300), waitForReady: true))
      #expect(error?.code == .deadlineExceeded)
      #expect(error?.message.contains("cannot connect to") == true)
    }
  }

  @Test("a call that waits can be cancelled")
  func cancelWhileWaiting() async throws {
    let server = try await NamedServer("a")
    await server.stop()
    try await withClient(server.target) { client async throws in
      let call = Task {
        await client.failure(NamedServer.name, "", CallOptions(waitForReady: true))
      }
      try await eventually("the client tries") { client.state == .transientFailure }
      call.cancel()
      #expect(await call.value?.code == .cancelled)
    }
  }

  @Test("more calls than may wait are refused", arguments: [9, 10, 11])
  func waitingLimit(calls: Int) async throws {
    let server = try await NamedServer("a")
    await server.stop()
    var configuration = ClientConfiguration.quick
    configuration.limits.maxWaitingCalls = 10
    try await withClient(server.target, configuration) { client async throws in
      let options = CallOptions(timeout: .seconds(2), waitForReady: true)
      let errors = await withTaskGroup(of: StatusCode?.self) { group in
        for _ in 0..<calls {
          group.addTask { await client.failure(NamedServer.name, "", options)?.code }
        }
        var codes: [StatusCode?] = []
        for await code in group { codes.append(code) }
        return codes
      }
      #expect(errors.count { $0 == .resourceExhausted } == max(0, calls - 10))
      #expect(errors.count { $0 == .deadlineExceeded } == min(10, calls))
    }
  }

  @Test("calls that gave up waiting leave room for others")
  func leavingTheQueue() async throws {
    let server = try await NamedServer("a")
    await server.stop()
    var configuration = ClientConfiguration.quick
    configuration.limits.maxWaitingCalls = 5
    try await withClient(server.target, configuration) { client async throws in
      for _ in 0..<100 {
        let error = await client.failure(
          NamedServer.name, "", CallOptions(timeout: .milliseconds(1), waitForReady: true))
        #expect(error?.code == .deadlineExceeded)
      }
    }
  }

  @Test("calls go on after the server was restarted on its port")
  func restart() async throws {
    let first = try await NamedServer("first")
    try await withClient(first.target) { client async throws in
      #expect(try await client.ask(NamedServer.name) == "first")
      await first.stop()
      let second = try await NamedServer("second", port: first.port)
      let options = CallOptions(timeout: .seconds(30), waitForReady: true)
      #expect(try await client.ask(NamedServer.name, "", options) == "second")
      await second.stop()
      let third = try await NamedServer("third", port: first.port)
      #expect(try await client.ask(NamedServer.name, "", options) == "third")
      await third.stop()
    }
  }

  @Test("a foreign server's restart, drained or killed, loses calls only with UNAVAILABLE")
  func foreignRestart() async throws {
    let first = try await ForeignServer(name: "first")
    try await withClient(first.target) { client async throws in
      let who = ForeignServer.method("Who")
      #expect(try await client.ask(who).hasPrefix("first|"))
      let running = Task { try await client.ask(ForeignServer.method("Wait"), "0.5") }
      let hanging = Task { await client.failure(ForeignServer.method("Hang")) }
      // Both are on the way once a later call has come back.
      _ = try await client.ask(who)
      first.drain()
      #expect(try await running.value == "waited")
      await first.kill()
      #expect(await hanging.value?.code == .unavailable)
      let second = try await ForeignServer(
        address: "127.0.0.1:\(first.port)", name: "second")
      let options = CallOptions(timeout: .seconds(30), waitForReady: true)
      #expect(try await client.ask(who, "", options).hasPrefix("second|"))
      await second.stop()
    }
  }

  @Test("GOAWAY: calls beyond its last stream are sent again, new ones too, the others finish")
  func goAway() async throws {
    // The first connection answers stream 1 late and takes no other.
    let server = try await RawServer.polite { connection, event in
      guard case .frame(let frame) = event, frame.has(.data) else { return .nothing }
      if connection > 0 { return .answer(frame.stream, "second") }
      guard frame.stream == 3 else { return .nothing }
      return .send(RawFrame(.goAway, RawFrame.word(1) + RawFrame.word(0)))
    }
    try await withClient(server.target) { client async throws in
      let first = Task { try await client.ask(EchoService.say, "1") }
      try await eventually("the first call is on its way") { server.frames(.data).count == 1 }
      let second = Task { try await client.ask(EchoService.say, "2") }
      #expect(try await second.value == "second")
      #expect(try await client.ask(EchoService.say, "3") == "second")
      let late = RawFrame.response(1, "first")
      server.send(late[0], late[1], late[2], on: 0)
      #expect(try await first.value == "first")
      try await eventually("the old connection is closed") { server.openConnections == 1 }
    }
    await server.stop()
  }

  @Test("a call that is refused is sent again once, not for ever")
  func refused() async throws {
    let refusals = 1
    for (refused, succeeds) in [(refusals, true), (refusals + 1, false)] {
      let server = try await RawServer.polite { _, event in
        guard case .frame(let frame) = event, frame.has(.data) else { return .nothing }
        if frame.stream < UInt32(refused * 2) { return .send(.reset(frame.stream, 7)) }
        return .answer(frame.stream, "at last")
      }
      try await withClient(server.target) { client async throws in
        let error = await client.failure(EchoService.say, "x")
        #expect((error == nil) == succeeds)
        if !succeeds { #expect(error?.code == .unavailable) }
        #expect(server.frames(.headers).count == 2)
      }
      await server.stop()
    }
  }

  @Test("calls above the server's MAX_CONCURRENT_STREAMS wait for room")
  func maxConcurrentStreams() async throws {
    var limits = ServerLimits.impatient
    limits.maxConcurrentStreams = 3
    let server = try await NamedServer("a", limits)
    try await withClient(server.target) { client async throws in
      try await withThrowingTaskGroup(of: String.self) { group in
        for index in 0..<500 {
          group.addTask { try await client.ask(EchoService.say, "\(index)") }
        }
        var answers: Set<String> = []
        for try await answer in group { answers.insert(answer) }
        #expect(answers.count == 500)
      }
    }
    await server.stop()
  }

  @Test("calls that wait for room can be cancelled, keep their deadline, and are bounded")
  func waitingForRoom() async throws {
    var limits = ServerLimits.impatient
    limits.maxConcurrentStreams = 1
    let server = try await NamedServer("a", limits)
    var configuration = ClientConfiguration.quick
    configuration.limits.maxWaitingCalls = 2
    try await withClient(server.target, configuration) { client async throws in
      let hanging = Task { await client.failure(EchoService.hang) }
      try await eventually("a handler runs") { server.echo.running.load(ordering: .relaxed) == 1 }
      let cancelled = Task { await client.failure(NamedServer.name) }
      let expired = Task {
        await client.failure(NamedServer.name, "", CallOptions(timeout: .milliseconds(500)))
      }
      #expect(await expired.value?.code == .deadlineExceeded)
      let other = Task {
        // Whichever comes third finds no room.
        var error: RPCError?
        repeat {
          error = await client.failure(NamedServer.name)
        } while error?.code == .resourceExhausted
        return error
      }
      try await eventually("there is no room") {
        let code = await client.failure(
          NamedServer.name, "", CallOptions(timeout: .milliseconds(50)))?.code
        return code == .resourceExhausted
      }
      cancelled.cancel()
      #expect(await cancelled.value?.code == .cancelled)
      hanging.cancel()
      _ = await hanging.value
      #expect(await other.value == nil)
    }
    await server.stop()
  }

  @Test("a connection without calls is closed after the idle timeout; the next call connects again")
  func idle() async throws {
    let server = try await RawServer.polite { _, event in
      guard case .frame(let frame) = event, frame.has(.data) else { return .nothing }
      return .answer(frame.stream, "here")
    }
    var configuration = ClientConfiguration.quick
    configuration.idleTimeout = .milliseconds(200)
    try await withClient(server.target, configuration) { client async throws in
      #expect(try await client.ask(EchoService.say, "x") == "here")
      try await eventually("the connection is closed") {
        server.openConnections == 0 && client.state == .idle
      }
      #expect(try await client.ask(EchoService.say, "x") == "here")
      #expect(server.connectionCount == 2)
    }
    await server.stop()
  }

  @Test("a connection with a running call is not idle")
  func notIdle() async throws {
    let server = try await NamedServer("a")
    var configuration = ClientConfiguration.quick
    configuration.idleTimeout = .milliseconds(50)
    try await withClient(server.target, configuration) { client async throws in
      let call = try await client.open(EchoService.chat, options: CallOptions())
      var answers = call.responses.makeAsyncIterator()
      for index in 0..<3 {
        try await call.requests.write(MessageFrame { $0.writeString("\(index)") })
        #expect(try await answers.next() != nil)
        try await Task.sleep(for: .milliseconds(200))
        #expect(client.state == .ready)
      }
      await call.requests.finish()
    }
    await server.stop()
  }

  @Test("closing waits for running calls as long as it may")
  func grace() async throws {
    let server = try await ForeignServer()
    try await withClient(server.target) { client async throws in
      let running = Task { try await client.ask(ForeignServer.method("Wait"), "0.5") }
      let hanging = Task { await client.failure(ForeignServer.method("Hang")) }
      _ = try await client.ask(ForeignServer.method("Who"))
      await client.close(grace: .seconds(5))
      #expect(try await running.value == "waited")
      let error = await hanging.value
      #expect(error?.code == .unavailable)
      #expect(error?.message == "the client is closed")
    }
    await server.stop()
  }

  @Test("a client that is dropped finishes its calls")
  func droppedWithCall() async throws {
    let server = try await NamedServer("a")
    func stream() async throws -> ResponseStream {
      let client = try RPCClient(server.target, group: MultiThreadedEventLoopGroup.singleton)
      return try await client.serverStreaming(
        EchoService.flood, MessageFrame { $0.writeString("100") }, options: CallOptions())
    }
    var count = 0
    for try await _ in try await stream() { count += 1 }
    #expect(count == 100)
    await server.stop()
  }

  @Test("a client that is dropped closes its connections")
  func dropped() async throws {
    let server = try await RawServer.polite { _, event in
      guard case .frame(let frame) = event, frame.has(.data) else { return .nothing }
      return .answer(frame.stream, "here")
    }
    do {
      let client = try RPCClient(
        server.target, group: MultiThreadedEventLoopGroup.singleton)
      #expect(try await client.ask(EchoService.say) == "here")
      #expect(server.openConnections == 1)
    }
    try await eventually("the connection is closed") { server.openConnections == 0 }
    await server.stop()
  }
}
