// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct PrivateServersTests {
  @Test(
    "PostgreSQL starts, survives a kill on the same data and port, and starts again on what is there"
  )
  func postgres() async throws {
    let folder = try TemporaryDirectory()
    let server = try PrivatePostgres(directory: "\(folder.path)/postgres")
    try await server.start()
    try await server.createDatabase("before_the_kill")
    await server.kill()
    #expect(await eventually { !FreePort.isListening(server.port) })
    try await server.start()
    let error = await #expect(throws: DevStackError.self) {
      try await server.createDatabase("before_the_kill")
    }
    #expect(error.map { "\($0)".contains("already exists") } == true)
    await server.stop()

    var options = PrivatePostgres.Options()
    options.port = server.port
    let second = try PrivatePostgres(directory: "\(folder.path)/postgres", options: options)
    let made = try String(contentsOfFile: "\(folder.path)/postgres/initdb.log", encoding: .utf8)
    try await second.start()
    let log = try String(contentsOfFile: "\(folder.path)/postgres/initdb.log", encoding: .utf8)
    #expect(log == made, "nothing was initialised anew")
    #expect(second.connectionString == server.connectionString)
    try await second.restart(.immediate)
    await second.stop()
  }

  @Test("a server that cannot start says why")
  func cannotStart() async throws {
    let folder = try TemporaryDirectory()
    var options = PrivatePostgres.Options()
    options.settings = ["no_such_setting": "1"]
    let server = try PrivatePostgres(directory: "\(folder.path)/postgres", options: options)
    let error = await #expect(throws: DevStackError.self) { try await server.start() }
    #expect(error.map { "\($0)".contains("no_such_setting") } == true)
  }

  @Test("mosquitto starts, is killed, and starts again on the same port")
  func mosquitto() async throws {
    let folder = try TemporaryDirectory()
    let broker = try PrivateMosquitto(directory: "\(folder.path)/mosquitto")
    try await broker.start()
    #expect(FreePort.isListening(broker.port))
    await broker.kill()
    #expect(!FreePort.isListening(broker.port))
    try await broker.start()
    #expect(FreePort.isListening(broker.port))
    try await broker.restart()
    #expect(FreePort.isListening(broker.port))
    await broker.stop()
    #expect(!FreePort.isListening(broker.port))
  }
}
