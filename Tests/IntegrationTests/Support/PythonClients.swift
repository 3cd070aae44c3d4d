// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport

/// The scripts in `Clients/`, with message classes that grpcio-tools made from the same .proto files.
actor PythonClients {
  static let shared = PythonClients()

  private var stubs: Task<TemporaryDirectory, any Error>?

  /// Starts a script.
  nonisolated func run(
    _ script: String, _ arguments: [String], environment: [String: String], log: String
  ) async throws -> Run {
    let stubs = try await stubsDirectory()
    let clients = "\(Repository.root)/Tests/IntegrationTests/Clients"
    return try Run(
      Tool.python().path, ["\(clients)/\(script)"] + arguments,
      environment: ["PYTHONPATH": stubs.path].merging(environment) { $1 }, log: log)
  }

  private func stubsDirectory() async throws -> TemporaryDirectory {
    if let stubs { return try await stubs.value }
    let python = try Tool.python()
    let task = Task {
      let directory = try TemporaryDirectory()
      let protos = "\(Repository.root)/proto"
      try await Run(
        python.path,
        [
          "-m", "grpc_tools.protoc", "-I", protos, "--python_out=\(directory.path)",
          "--grpc_python_out=\(directory.path)", "traksense/v1/options.proto",
          "traksense/v1/telemetry.proto",
        ], log: "\(directory.path)/protoc.log"
      ).succeed()
      return directory
    }
    stubs = task
    return try await task.value
  }
}
