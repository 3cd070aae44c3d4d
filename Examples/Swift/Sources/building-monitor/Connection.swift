// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import TrakSenseAPI

/// Which server, which tenant, and as whom.
struct Connection: ParsableArguments {
  @Option(help: "http://host:port or https://host:port of the gRPC server; else TRAKSENSE_URL.")
  var url: String?

  @Option(help: "Slug of the tenant; else TRAKSENSE_TENANT.")
  var tenant: String?

  @Option(help: "PEM file of the certificate authorities to trust instead of the system's.")
  var ca: String?

  private static let environment = ProcessInfo.processInfo.environment

  /// Runs the body with a channel; tells people what fails.
  func run(_ body: (any RPCChannel) async throws -> Void) async throws {
    let client = try client()
    // A key on the command line could be read by everybody on this machine.
    guard let key = Self.environment["TRAKSENSE_API_KEY"], !key.isEmpty else {
      throw ValidationError("TRAKSENSE_API_KEY is not set")
    }
    let channel = TenantChannel(
      client, tenant: tenant ?? Self.environment["TRAKSENSE_TENANT"] ?? "umc",
      credential: .apiKey(key))
    do {
      try await body(channel)
    } catch let error as RPCError {
      Output.complain(Advice(error).text)
      throw ExitCode.failure
    }
    await client.close()
  }

  private func client() throws -> RPCClient {
    let text = url ?? Self.environment["TRAKSENSE_URL"] ?? "http://127.0.0.1:50051"
    guard let url = URLComponents(string: text), let host = url.host, let port = url.port,
      ["http", "https"].contains(url.scheme)
    else { throw ValidationError("'\(text)' is not http://host:port or https://host:port") }
    var configuration = ClientConfiguration()
    if url.scheme == "https" {
      configuration.tls = ClientTLS(roots: ca.map { .file($0) } ?? .system)
    }
    // Somebody is waiting: look for the server every few seconds, and notice within minutes that it is gone.
    configuration.backoff.maximum = .seconds(5)
    configuration.keepalive = ClientKeepalive(time: .seconds(300))
    // All that this program calls may be sent twice: it reads, and a reading stored twice is stored once.
    configuration.service = ServiceConfig(
      methods: [TraksenseV1.TelemetryServiceMethods.subscribe.path: MethodConfig()],
      fallback: MethodConfig(
        timeout: .seconds(20), retryPolicy: RetryPolicy(maxAttempts: 4)))
    return try RPCClient(.host(host, port: port), configuration)
  }
}
