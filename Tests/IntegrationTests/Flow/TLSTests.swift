// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  @Suite("gRPC over TLS and a unix-domain socket", .timeLimit(.minutes(15)))
  struct TLSTests {
    /// A certificate that signs itself, for this machine.
    private func makeCertificate(_ serial: Int, in folder: TemporaryDirectory) async throws {
      let folder = folder.path
      try await Run(
        Tool.named("openssl").path,
        [
          "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
          "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
          "-set_serial", "\(serial)", "-keyout", "\(folder)/new.key", "-out", "\(folder)/new.pem",
        ], log: "\(folder)/openssl-\(serial).log"
      ).succeed()
      for kind in ["key", "pem"] {
        guard rename("\(folder)/new.\(kind)", "\(folder)/server.\(kind)") == 0 else {
          throw ToolFailed(description: "rename: \(errno)")
        }
      }
    }

    /// What the server shows, as `openssl s_client` prints it.
    private func shownCertificate(_ port: UInt16, in folder: TemporaryDirectory) async throws
      -> String
    {
      let name = "\(folder.path)/shown-\(UInt64.random(in: 0...UInt64.max))"
      let client = try Run(
        Tool.named("openssl").path,
        ["s_client", "-connect", "127.0.0.1:\(port)", "-alpn", "h2"], log: "\(name).log")
      _ = try await client.end()
      let text = try Run(
        Tool.named("openssl").path, ["x509", "-in", "\(name).log", "-noout", "-serial"],
        log: "\(name)-serial.log")
      _ = try await text.end()
      return text.output
    }

    @Test("serve takes both, and reads the certificate anew on SIGHUP")
    func serve() async throws {
      let stack = try await SharedStack.stack()
      let folder = try TemporaryDirectory()
      try await makeCertificate(1, in: folder)
      let port = try FreePort.find()
      let socket = "\(folder.path)/rpc.sock"
      let server = try stack.command(
        ["serve"],
        environment: [
          "TRAKSENSE_HTTP_LISTEN": "127.0.0.1:\(try FreePort.find())",
          "TRAKSENSE_ADMIN_LISTEN": "127.0.0.1:\(try FreePort.find())",
          "TRAKSENSE_RPC_LISTEN": "127.0.0.1:\(try FreePort.find())",
          "TRAKSENSE_MQTT_CLIENT_ID": "tls-server", "RPC_TLS_LISTEN": "127.0.0.1:\(port)",
          "RPC_TLS_CERTIFICATE": "\(folder.path)/server.pem",
          "RPC_TLS_KEY": "\(folder.path)/server.key", "RPC_UNIX_SOCKET": socket,
        ])
      func check(_ arguments: String...) throws -> Run {
        try stack.command(["call", "grpc.health.v1.Health/Check", "{}"] + arguments)
      }
      // The socket comes after the ports.
      try await server.wait(for: "the unix-domain socket", within: .seconds(120)) {
        try await check("--address", "unix:\(socket)").end() == .exited(0)
      }
      #expect(FreePort.isListening(port) && server.child.isRunning, "\(server.output)")
      #expect(try await shownCertificate(port, in: folder).contains("serial=01"))
      let answer = try await Run(
        Tool.named("curl").path,
        [
          "-sv", "--http2-prior-knowledge", "--unix-socket", socket, "-H",
          "content-type: application/grpc", "--data-binary", "",
          "http://localhost/traksense.v1.TelemetryService/Latest",
        ], log: "\(folder.path)/curl.log"
      ).succeed()
      #expect(answer.contains("grpc-status"), "\(answer)")
      let certificate = "\(folder.path)/server.pem"
      for run in [
        try check("--address", "unix:\(socket)"),
        try check("--address", "localhost:\(port)", "--ca", certificate),
      ] {
        #expect(try await run.succeed().contains(#""status":"#), "\(run.output)")
      }
      // Nobody that the system trusts has signed it.
      let untrusted = try check("--address", "localhost:\(port)", "--tls")
      #expect(try await untrusted.end() == .exited(14), "\(untrusted.output)")
      let misnamed = try check(
        "--address", "localhost:\(port)", "--ca", certificate, "--server-name", "other.example")
      #expect(try await misnamed.end() == .exited(14), "\(misnamed.output)")
      try await makeCertificate(2, in: folder)
      server.child.send(SIGHUP)
      let isNew = try await eventually {
        try await shownCertificate(port, in: folder).contains("serial=02")
      }
      #expect(isNew, "\(server.output)")
      server.child.send(SIGTERM)
      #expect(try await server.end() == .exited(0), "\(server.output)")
      #expect(!FileManager.default.fileExists(atPath: socket))
    }

    @Test(
      "check-config names what is wrong with the files",
      arguments: [
        (["RPC_TLS_KEY": "other.key"], "RPC_TLS_KEY"),
        (["RPC_TLS_CERTIFICATE": "nowhere.pem"], "RPC_TLS_CERTIFICATE"),
        (["RPC_TLS_CLIENT_AUTH": "required"], "RPC_TLS_CLIENT_CA"),
        (["RPC_TLS_CLIENT_AUTH": "perhaps"], "RPC_TLS_CLIENT_AUTH"),
        (["RPC_MAX_CONNECTION_AGE": "0"], "RPC_MAX_CONNECTION_AGE"),
        (["RPC_UNIX_PERMISSIONS": "689"], "RPC_UNIX_PERMISSIONS"),
      ])
    func badSettings(settings: [String: String], named: String) async throws {
      let stack = try await SharedStack.stack()
      let folder = try TemporaryDirectory()
      try await makeCertificate(1, in: folder)
      for kind in ["key", "pem"] {
        try FileManager.default.moveItem(
          atPath: "\(folder.path)/server.\(kind)", toPath: "\(folder.path)/other.\(kind)")
      }
      try await makeCertificate(2, in: folder)
      let good = [
        "RPC_TLS_LISTEN": "127.0.0.1:1", "RPC_TLS_CERTIFICATE": "server.pem",
        "RPC_TLS_KEY": "server.key",
      ]
      func check(_ settings: [String: String]) throws -> Run {
        try stack.command(
          ["check-config"],
          environment: settings.mapValues {
            $0.hasSuffix(".pem") || $0.hasSuffix(".key") ? "\(folder.path)/\($0)" : $0
          })
      }
      try await check(good).succeed()
      let run = try check(good.merging(settings) { $1 })
      #expect(try await run.end() != .exited(0))
      #expect(run.output.contains(named), "\(run.output)")
    }
  }
}
