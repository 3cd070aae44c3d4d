// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import Glibc
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ChildProcessTests {
  @Test("a program's exit status is reported")
  func exitStatus() async throws {
    let child = try ChildProcess(.init("/bin/sh", ["-c", "exit 7"]))
    #expect(await child.wait(upTo: .seconds(60)) == .exited(7))
    #expect(!child.isRunning)
  }

  @Test("a killed program reports its signal")
  func killed() async throws {
    let child = try ChildProcess(.init("/bin/sleep", ["60"]))
    #expect(child.isRunning)
    #expect(await child.kill() == .killed(signal: SIGKILL))
  }

  @Test("a program that ignores the polite signal is killed after its grace")
  func stubborn() async throws {
    let folder = try TemporaryDirectory()
    var command = ChildProcess.Command(
      "/bin/sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"])
    command.logFile = "\(folder.path)/log"
    let child = try ChildProcess(command)
    #expect(
      await eventually {
        FileManager.default.contents(atPath: "\(folder.path)/log") == Data("ready\n".utf8)
      })
    #expect(await child.stop(grace: .milliseconds(100)) == .killed(signal: SIGKILL))
  }

  @Test("environment, arguments and the log file reach the program")
  func environment() async throws {
    let folder = try TemporaryDirectory()
    var command = ChildProcess.Command("/bin/sh", ["-c", "echo \"$GREETING $1\" >&2", "sh", "b c"])
    command.environment = ["GREETING": "a"]
    command.logFile = "\(folder.path)/log"
    try await ChildProcess.run(command)
    #expect(FileManager.default.contents(atPath: "\(folder.path)/log") == Data("a b c\n".utf8))
  }

  @Test("standard error goes into a file of its own where there is one")
  func errorFile() async throws {
    let folder = try TemporaryDirectory()
    var command = ChildProcess.Command("/bin/sh", ["-c", "echo out; echo wrong >&2"])
    command.logFile = "\(folder.path)/log"
    command.errorFile = "\(folder.path)/errors"
    try await ChildProcess.run(command)
    #expect(FileManager.default.contents(atPath: "\(folder.path)/log") == Data("out\n".utf8))
    #expect(FileManager.default.contents(atPath: "\(folder.path)/errors") == Data("wrong\n".utf8))
  }

  @Test("a failing program is an error that carries its log")
  func failing() async throws {
    let folder = try TemporaryDirectory()
    var command = ChildProcess.Command("/bin/sh", ["-c", "echo no such luck; exit 1"])
    command.logFile = "\(folder.path)/log"
    let error = await #expect(throws: DevStackError.self) { try await ChildProcess.run(command) }
    #expect(error.map { "\($0)".contains("no such luck") } == true)
  }

  @Test("a child asks the kernel to be killed when this process dies")
  func deathSignal() async throws {
    let folder = try TemporaryDirectory()
    var command = ChildProcess.Command(
      "/usr/bin/setpriv", ["--dump"])
    command.logFile = "\(folder.path)/log"
    try await ChildProcess.run(command)
    let text = String(
      decoding: FileManager.default.contents(atPath: "\(folder.path)/log") ?? Data(),
      as: UTF8.self)
    #expect(text.contains("Parent death signal: KILL"))
  }
}
