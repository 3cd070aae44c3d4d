// SPDX-License-Identifier: Apache-2.0

import Credentials
import Domain
import RPCRuntime
import TrakSenseAPI

/// Links to this server, as whoever calls can reach it.
extension AccountDesk {
  /// `https://umc.example.com`; nil: the call names no host.
  func base(_ context: ServerContext) -> String? {
    guard !context.authority.isEmpty else { return nil }
    return "\(scheme(of: context))://\(context.authority)"
  }

  func scheme(of context: ServerContext) -> String {
    ForwardedScheme.of(context)?.rawValue ?? settings.scheme
  }

  /// A tenant at the host that was called.
  func address(of tenant: Tenant, _ context: ServerContext) -> TraksenseV1.TenantAddress {
    TraksenseV1.TenantAddress(
      slug: tenant.slug.rawValue, name: tenant.name, domain: context.authority,
      apiBaseURL: base(context).map { "\($0)/api" } ?? "")
  }

  /// A tenant at its own host. The port is that of the call: a new tenant is reached where this one was.
  func address(
    of tenant: Tenant, domain: String, _ context: ServerContext
  ) -> TraksenseV1.TenantAddress {
    var port = ""
    if let colon = context.authority.lastIndex(of: ":"),
      UInt16(context.authority[context.authority.index(after: colon)...]) != nil
    {
      port = String(context.authority[colon...])
    }
    return TraksenseV1.TenantAddress(
      slug: tenant.slug.rawValue, name: tenant.name, domain: domain,
      apiBaseURL: "\(scheme(of: context))://\(domain)\(port)/api")
  }

  /// The signed URL of a picture.
  func url(ofAvatar key: String?, _ context: ServerContext) throws(RPCError) -> ProtoStringValue? {
    guard let key else { return nil }
    do throws(CryptoError) {
      let path = try media.path(of: key, until: now.advanced(by: settings.mediaLifetime))
      return ProtoStringValue((base(context) ?? "") + path)
    } catch {
      throw failure(error, context)
    }
  }
}
