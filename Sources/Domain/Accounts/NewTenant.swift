// SPDX-License-Identifier: Apache-2.0

/// What a tenant is made of.
package struct NewTenant: Hashable, Sendable {
  package var slug: TenantSlug
  /// Lower-case letters, digits and `_`, starting with a letter; at most 63.
  package var schema: String
  /// Display name, 1–100 characters.
  package var name: String
  /// Host names, any case; the first is the primary one.
  package var domains: [String]

  /// - Parameter schema: nil: the slug with `_` for `-`.
  package init(slug: TenantSlug, schema: String? = nil, name: String, domains: [String]) {
    self.slug = slug
    self.schema = schema ?? String(slug.rawValue.map { $0 == "-" ? "_" : $0 })
    self.name = name
    self.domains = domains
  }
}
