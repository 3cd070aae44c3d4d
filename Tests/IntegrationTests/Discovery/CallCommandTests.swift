// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("traksense call", .timeLimit(.minutes(15)))
  struct CallCommandTests {
    private static let key = "x-api-key: \(TestStack.ingestKey)"

    private func call(_ stack: TestStack, _ arguments: [String]) throws -> Run {
      try stack.command(["call", "--address", stack.rpcAddress] + arguments)
    }

    /// Runs the command with text on its standard input.
    private func call(
      _ stack: TestStack, _ arguments: [String], input: String
    ) throws -> Run {
      let file = stack.freshLog("input")
      try Data(input.utf8).write(to: URL(filePath: file))
      let words = try [Repository.traksense, "call", "--address", stack.rpcAddress] + arguments
      return try Run(
        "/bin/sh", ["-c", "exec \"$@\" <\"$0\"", file] + words, log: stack.freshLog("call"))
    }

    @Test("a unary call prints its answer as a line of JSON")
    func unary() async throws {
      let stack = try await SharedStack.stack()
      let run = try call(
        stack,
        ["TelemetryService/Latest", #"{"device_id":"ESP32-01"}"#, "-H", "x-tenant: umc"])
      let answer = try await run.result(RPCAnswer.Response.self)
      #expect(answer.deviceId == "ESP32-01")
    }

    @Test("an error's status is the exit status, and its details are told")
    func failure() async throws {
      let stack = try await SharedStack.stack()
      var sample = Sample(ago: 5_000)
      sample.unit = "°F"
      let refused = try call(
        stack,
        [
          "traksense.v1.TelemetryService/Ingest", #"{"readings":[\#(sample.message)]}"#, "-H",
          "x-tenant: umc", "-H", Self.key,
        ])
      #expect(try await refused.end() == .exited(3))
      #expect(refused.output.hasPrefix("INVALID_ARGUMENT: "), "\(refused.output)")
      #expect(refused.output.contains("\n  readings[0].unit: "), "\(refused.output)")

      let unreachable = try stack.command([
        "call", "--address", "127.0.0.1:\(try FreePort.find())", "Health/Check", "{}",
      ])
      #expect(try await unreachable.end() == .exited(14))
      #expect(unreachable.output.hasPrefix("UNAVAILABLE: "), "\(unreachable.output)")

      let late = try call(stack, ["Health/Watch", "{}", "--timeout", "5"])
      #expect(try await late.end() == .exited(4))
      #expect(late.output.hasPrefix(#"{"status":"SERVING"}"# + "\nDEADLINE_EXCEEDED: "))
    }

    @Test("a server stream is printed as it comes, one line a message")
    func serverStreaming() async throws {
      let stack = try await SharedStack.stack()
      let run = try call(
        stack, ["TelemetryService/History", #"{"device_id":"ESP32-01"}"#, "-H", "x-tenant: umc"])
      let output = try await run.succeed()
      #expect(output.split(separator: "\n").first?.hasPrefix(#"{"series":["#) == true, "\(output)")
    }

    @Test("both ways: requests are read a line at a time, from arguments or standard input")
    func bidirectional() async throws {
      let stack = try await SharedStack.stack()
      let requests = [#"{"list_services":""}"#, #"{"file_by_filename":"no.proto"}"#]
      let method = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
      let runs = [
        try call(stack, [method] + requests),
        try call(stack, [method, "-"], input: requests.joined(separator: "\n\n") + "\n"),
      ]
      for run in runs {
        let lines = try await run.succeed().split(separator: "\n")
        try #require(lines.count == 2, "\(run.output)")
        #expect(lines[0].contains(#"{"name":"grpc.health.v1.Health"}"#))
        #expect(lines[1].contains(#""error_message":"unknown file no.proto""#))
      }
    }

    @Test("a request that is not the message is refused before it is sent, naming the field")
    func badRequests() async throws {
      let stack = try await SharedStack.stack()
      for (json, complaint) in [
        (#"{"device_id":1}"#, "request: device_id: expected a string, found a number"),
        (#"{"devise_id":"x"}"#, "request: devise_id: unknown field"), ("{", "request: "),
      ] {
        let run = try call(stack, ["TelemetryService/Latest", json])
        #expect(try await run.end() == .exited(3))
        #expect(run.output.hasPrefix("INVALID_ARGUMENT: \(complaint)"), "\(run.output)")
      }
    }

    @Test("what cannot be called is a mistake in using the command")
    func usage() async throws {
      let stack = try await SharedStack.stack()
      for (arguments, complaint) in [
        ([], "SERVICE/METHOD is missing"), (["X/Y", "{}"], "unknown RPC X/Y"),
        (["ServerReflection/ServerReflectionInfo", "{}"], "may be grpc.reflection.v1."),
        (["Health/Check"], "takes one request"),
        (["Health/Check", "{}", "{}"], "takes one request"),
        (["Health/Check", "{}", "-H", "x"], "is not 'key: value'"),
        (["Health/Check", "{}", "--timeout", "0"], "--timeout"),
        (["Health/Check", "{}", "--tls", "--cert", "x"], "--cert and --key go together"),
        (["Health/Check", "{}", "--server-name", "x"], "need --tls or --ca"),
      ] {
        let run = try call(stack, arguments)
        #expect(try await run.end() == .exited(64))
        #expect(run.output.contains(complaint), "\(run.output)")
      }
    }

    @Test("all RPCs are listed with their messages")
    func list() async throws {
      let stack = try await SharedStack.stack()
      let output = try await stack.command(["call", "--list"]).succeed()
      for line in [
        "traksense.v1.TelemetryService/Latest (traksense.v1.LatestRequest) → (traksense.v1.LatestResponse)",
        "grpc.health.v1.Health/Watch (grpc.health.v1.HealthCheckRequest) → "
          + "(stream grpc.health.v1.HealthCheckResponse)",
      ] {
        #expect(output.contains(line), "\(output)")
      }
    }
  }
}
