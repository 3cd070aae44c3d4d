// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import RPCRuntime

/// Makes of a request what the RPC behind it is told beside its message.
struct CallOptionsFactory: Sendable {
  /// Deadline of calls that name no other.
  let timeout: Duration

  /// - Parameters:
  ///   - request: its host becomes the call's authority, its `X-Tenant` the tenant; its trace
  ///     (W3C Trace Context) and `X-Request-Id` are passed on.
  ///   - tenant: the tenant that the query names, which goes before the header.
  ///   - apiKey: the caller's key.
  ///   - timeout: deadline; nil: none.
  func options(
    for request: Request, tenant: String? = nil, apiKey: String? = nil, timeout: Duration?
  ) -> CallOptions {
    var options = CallOptions(timeout: timeout, authority: request.head.authority)
    if let tenant = tenant ?? request.headers.value(of: "x-tenant") {
      options.metadata.add(tenant, for: "x-tenant")
    }
    for name in ["traceparent", "tracestate", "x-request-id"] {
      if let value = request.headers.value(of: name) { options.metadata.add(value, for: name) }
    }
    if let apiKey { options.metadata.add(apiKey, for: "x-api-key") }
    return options
  }
}

extension HTTPFields {
  /// The first value of a field that is not empty.
  /// - Parameter name: lower case.
  func value(of name: String) -> String? {
    first { $0.name.canonicalName == name && !$0.value.isEmpty }?.value
  }

  /// The key in `X-Api-Key`, `X-Device-Token` or `Authorization: Bearer`.
  var apiKey: String? {
    if let key = value(of: "x-api-key") ?? value(of: "x-device-token") { return key }
    guard let credentials = self[.authorization] else { return nil }
    let parts = credentials.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
    // RFC 9110 §11.1: the scheme is case-insensitive.
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return String(parts[1])
  }
}
