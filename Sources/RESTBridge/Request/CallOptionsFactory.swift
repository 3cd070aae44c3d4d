// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import RPCRuntime

/// Makes of a request what the RPC behind it is told beside its message: tenant, credentials, where it came
/// from, and its trace.
struct CallOptionsFactory: Sendable {
  /// Deadline of calls that name no other.
  let timeout: Duration

  /// Passed on as they are.
  private static let forwarded = [
    "x-api-key", "x-device-token", "traceparent", "tracestate", "x-request-id", "user-agent",
  ]

  /// - Parameters:
  ///   - request: its host becomes the call's authority, its `X-Tenant` the tenant.
  ///   - caller: its address becomes the call's peer, its access cookie the Bearer token.
  ///   - tenant: the tenant that the query names, which goes before the header.
  ///   - key: a key that stands elsewhere than in a header.
  ///   - usesCookies: whether the access cookie counts.
  ///   - timeout: deadline; nil: none.
  func options(
    for request: Request, _ caller: Caller, tenant: String? = nil, key: String? = nil,
    usesCookies: Bool = true, timeout: Duration?
  ) -> CallOptions {
    var options = CallOptions(
      timeout: timeout, authority: request.head.authority, peer: caller.address)
    if let tenant = tenant ?? request.headers.value(of: "x-tenant") {
      options.metadata.add(tenant, for: "x-tenant")
    }
    for name in Self.forwarded {
      if let value = request.headers.value(of: name) { options.metadata.add(value, for: name) }
    }
    options.metadata.add(caller.scheme, for: "x-forwarded-proto")
    if let key { options.metadata.add(key, for: "x-api-key") }
    // The cookie goes before the header: pages of older clients send both, and only the cookie is renewed.
    if usesCookies, let token = caller.cookies.access {
      options.metadata.add("Bearer \(token)", for: "authorization")
    } else if let credentials = request.headers.value(of: "authorization") {
      options.metadata.add(credentials, for: "authorization")
    }
    return options
  }
}

extension HTTPFields {
  /// The first value of a field that is not empty.
  /// - Parameter name: lower case.
  func value(of name: String) -> String? {
    first { $0.name.canonicalName == name && !$0.value.isEmpty }?.value
  }

  /// Whether `X-Api-Key`, `X-Device-Token` or `Authorization` has credentials.
  var hasCredentials: Bool {
    ["x-api-key", "x-device-token", "authorization"].contains { value(of: $0) != nil }
  }
}
