// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import TestSupport

/// Certificates that openssl makes for one test.
struct TestCertificates {
  /// A certificate and its key, as PEM files.
  struct Pair {
    let certificate: String
    let key: String
  }

  let folder: TemporaryDirectory

  init() throws {
    folder = try TemporaryDirectory()
  }

  func path(_ name: String) -> String { "\(folder.path)/\(name)" }

  /// A root.
  func authority(_ name: String) async throws -> Pair {
    try await make(name, ["-subj", "/CN=\(name)", "-addext", "basicConstraints=critical,CA:TRUE"])
  }

  /// A server's, for this machine.
  func server(_ name: String = "server", by authority: Pair, serial: Int = 1) async throws -> Pair {
    try await issue(
      name, by: authority, serial: serial,
      ["subjectAltName=DNS:localhost,IP:127.0.0.1", "extendedKeyUsage=serverAuth"])
  }

  /// A client's.
  func client(
    _ name: String, by authority: Pair, names: String = "DNS:client.test", serial: Int = 2
  ) async throws -> Pair {
    try await issue(
      name, by: authority, serial: serial,
      ["subjectAltName=\(names)", "extendedKeyUsage=clientAuth"])
  }

  /// A client's that is not valid any more.
  func expiredClient(_ name: String, by authority: Pair) async throws -> Pair {
    let pair = try await client(name, by: authority)
    let request = path("\(name).csr")
    try await Run(
      Tool.named("openssl"),
      ["req", "-new", "-key", pair.key, "-subj", "/CN=\(name)", "-out", request]
    ).succeed()
    try await Run(
      Tool.named("openssl"),
      [
        "x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key,
        "-days", "-1", "-set_serial", "9", "-out", pair.certificate,
      ]
    ).succeed()
    return pair
  }

  private func issue(
    _ name: String, by authority: Pair, serial: Int, _ extensions: [String]
  ) async throws -> Pair {
    try await make(
      name,
      [
        "-CA", authority.certificate, "-CAkey", authority.key, "-subj", "/O=test/CN=\(name)",
        "-set_serial", "\(serial)", "-addext", "basicConstraints=critical,CA:FALSE",
      ] + extensions.flatMap { ["-addext", $0] })
  }

  private func make(_ name: String, _ arguments: [String]) async throws -> Pair {
    let pair = Pair(certificate: path("\(name).pem"), key: path("\(name).key"))
    try await Run(
      Tool.named("openssl"),
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
        "2", "-keyout", pair.key, "-out", pair.certificate,
      ] + arguments
    ).succeed()
    return pair
  }
}
