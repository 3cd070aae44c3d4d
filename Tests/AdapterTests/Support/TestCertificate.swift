// SPDX-License-Identifier: Apache-2.0

import DevStack
import TestSupport

/// A certificate for 127.0.0.1 that is its own authority.
struct TestCertificate {
  private let folder: TemporaryDirectory
  var certificate: String { "\(folder.path)/certificate.pem" }
  var key: String { "\(folder.path)/key.pem" }

  init(for name: String = "IP:127.0.0.1") async throws {
    folder = try TemporaryDirectory()
    try await Run(
      Tool.named("openssl"),
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=\(name)", "-keyout", key,
        "-out", certificate,
      ]
    ).succeed()
  }
}
