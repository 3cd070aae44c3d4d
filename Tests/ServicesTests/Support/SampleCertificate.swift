// SPDX-License-Identifier: Apache-2.0

import NIOSSL

@testable import RPCRuntime

/// Certificates of clients, self-signed, whose keys nobody has.
enum SampleCertificate: String {
  /// CN `worker`, URI `spiffe://test/viewer`.
  case spiffe = """
    -----BEGIN CERTIFICATE-----
    MIIBmzCCAUCgAwIBAgIUXKQYjPh3qEfz7/7zMEW/9cjhsF0wCgYIKoZIzj0EAwIw
    ETEPMA0GA1UEAwwGd29ya2VyMCAXDTI2MTEyMzAxMzYwN1oYDzIxMjYxMDMwMDEz
    NjA3WjARMQ8wDQYDVQQDDAZ3b3JrZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
    AAQ5MjdO01cTZzMyToqoyuVN/ki24/ixxHUfD8zMd7pg+WN4GQFWdyxvZU7wPfyn
    LYh3AXbed4YKMzrg+OE7jKGso3QwcjAdBgNVHQ4EFgQUn76d6gjPKKnB2egeV6pU
    NMTBKw4wHwYDVR0jBBgwFoAUn76d6gjPKKnB2egeV6pUNMTBKw4wDwYDVR0TAQH/
    BAUwAwEB/zAfBgNVHREEGDAWhhRzcGlmZmU6Ly90ZXN0L3ZpZXdlcjAKBggqhkjO
    PQQDAgNJADBGAiEA4/z1YHnJnGgcP+xJUid3I/PEHMlAmGk9FIa3aMQJdA0CIQCC
    pEu/yHpmmJmC9PJiIRt3vN8Y4Uuc8w3gH4dSYZ608Q==
    -----END CERTIFICATE-----
    """
  /// CN `worker`, host `admin.test`.
  case host = """
    -----BEGIN CERTIFICATE-----
    MIIBkDCCATagAwIBAgIUXwUitP3cll23SdL2YKFMS55TX/IwCgYIKoZIzj0EAwIw
    ETEPMA0GA1UEAwwGd29ya2VyMCAXDTI2MTEyMzAxMzYwN1oYDzIxMjYxMDMwMDEz
    NjA3WjARMQ8wDQYDVQQDDAZ3b3JrZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
    AATMOlA/sPkoQkCJXYj6podzQE9YsYInwfzF/lvxEOjXQFZq7RaL7p3qfdR8V/Bm
    iMo7+p0n3+WFUuo/QZWZFPReo2owaDAdBgNVHQ4EFgQUDKCGrgsk/GRvGCAoPjr3
    r5crWiwwHwYDVR0jBBgwFoAUDKCGrgsk/GRvGCAoPjr3r5crWiwwDwYDVR0TAQH/
    BAUwAwEB/zAVBgNVHREEDjAMggphZG1pbi50ZXN0MAoGCCqGSM49BAMCA0gAMEUC
    IEln+eNQnxIVxnMHk70SeAYeJWQCTnIr1Yf4kohG1RNYAiEA6BVQ6VKqcTvesniN
    IKvHOXmUVsEMrZfqk+xg8TrHewU=
    -----END CERTIFICATE-----
    """
  /// CN and host that no service has.
  case stranger = """
    -----BEGIN CERTIFICATE-----
    MIIBmDCCAT2gAwIBAgIUD5eglzojlfhvJOn56pu6IBzjF/8wCgYIKoZIzj0EAwIw
    EzERMA8GA1UEAwwIc3RyYW5nZXIwIBcNMjYxMTIzMDEzNjA3WhgPMjEyNjEwMzAw
    MTM2MDdaMBMxETAPBgNVBAMMCHN0cmFuZ2VyMFkwEwYHKoZIzj0CAQYIKoZIzj0D
    AQcDQgAE59IAmoHxO5+vxoRMIMiFfw7bHUVN0NgCCz41c24ZOQIkSqTzTZ72b+6V
    5UmA54ryz/qlPQIBdlp49HN0KOvtHaNtMGswHQYDVR0OBBYEFAfiaCtwpN8xgV0z
    tFEL/sNiFUXhMB8GA1UdIwQYMBaAFAfiaCtwpN8xgV0ztFEL/sNiFUXhMA8GA1Ud
    EwEB/wQFMAMBAf8wGAYDVR0RBBEwD4INc3RyYW5nZXIudGVzdDAKBggqhkjOPQQD
    AgNJADBGAiEAlEYLNtzCaRcNeMjEQ0wwEm/WpAUuutXgzcZ/KYZg9hgCIQCL61z/
    I13T8TrQfmdlv7Da3wL0PhLH9wDEkC7iesUQ0w==
    -----END CERTIFICATE-----
    """

  func identity() throws -> PeerIdentity {
    PeerIdentity(try NIOSSLCertificate(bytes: Array(rawValue.utf8), format: .pem))
  }
}
