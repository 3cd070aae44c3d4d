// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import Glibc
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("Addresses", .timeLimit(.minutes(5)))
struct AddressTests {
  @Test("grpcio reaches one server over TCP and over a unix-domain socket")
  func everywhere() async throws {
    let folder = try TemporaryDirectory()
    let path = "\(folder.path)/rpc.sock"
    let listeners = [.loopback, ListenerConfiguration(.unix(path: path)), .loopback]
    try await ListeningServer.run(listeners) { running in
      #expect(running.addresses[1] == .unix(path: path))
      for target in ["127.0.0.1:\(try running.port())", "unix:\(path)"] {
        let client = try Run.echo(target, ["call", "--text", target])
        #expect(try await client.succeed().contains(#"{"answer": "\#(target)"}"#))
      }
      #expect(try running.port(0) != running.port(2))
    }
  }

  @Test("a socket's file is the server's alone, and goes with it")
  func permissions() async throws {
    let folder = try TemporaryDirectory()
    var wide = ListenerConfiguration(.unix(path: "\(folder.path)/wide"))
    wide.unixPermissions = 0o666
    let narrow = ListenerConfiguration(.unix(path: "\(folder.path)/narrow"))
    try await ListeningServer.run([wide, narrow]) { _ in
      let found = try ["wide", "narrow"].map { try permissions(of: "\(folder.path)/\($0)") }
      #expect(found == [0o666, 0o600])
    }
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/wide"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/narrow"))
  }

  private func permissions(of path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test("a stale socket is replaced; a live one, and what is no socket, are left alone")
  func stale() async throws {
    let folder = try TemporaryDirectory()
    let path = "\(folder.path)/rpc.sock"
    // Closed without removing its file, as after a crash.
    Glibc.close(try UnixSocketFile.bind(path, permissions: 0o600).socket)
    try await ListeningServer.run([ListenerConfiguration(.unix(path: path))]) { running in
      let failure = await #expect(throws: ListenFailure.self) {
        try await ListeningServer.run([.loopback, ListenerConfiguration(.unix(path: path))]) { _ in
        }
      }
      #expect((failure?.cause as? IOError)?.errnoCode == EADDRINUSE)
      let client = try Run.echo("unix:\(path)", ["call"])
      #expect(try await client.succeed().contains("answer"))
    }
    try Data("precious".utf8).write(to: URL(filePath: path))
    await #expect(throws: ListenFailure.self) {
      try await ListeningServer.run([ListenerConfiguration(.unix(path: path))]) { _ in }
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
  }

  @Test("a socket's path may have 107 bytes", arguments: [107, 108])
  func longPath(length: Int) async throws {
    let folder = try TemporaryDirectory()
    let stem = "\(folder.path)/"
    let path = stem + String(repeating: "s", count: length - stem.utf8.count)
    let listeners = [ListenerConfiguration(.unix(path: path))]
    if length > 107 {
      await #expect(throws: ListenFailure.self) {
        try await ListeningServer.run(listeners) { _ in }
      }
    } else {
      try await ListeningServer.run(listeners) { _ in }
    }
  }

  @Test("when one address is taken, none is")
  func allOrNothing() async throws {
    try await ListeningServer.run([.loopback]) { running in
      let folder = try TemporaryDirectory()
      let path = "\(folder.path)/rpc.sock"
      let taken = ListenerConfiguration(.tcp(host: "127.0.0.1", port: try running.port()))
      let failure = await #expect(throws: ListenFailure.self) {
        try await ListeningServer.run([ListenerConfiguration(.unix(path: path)), taken]) { _ in }
      }
      #expect(failure?.address == taken.address)
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }
}
