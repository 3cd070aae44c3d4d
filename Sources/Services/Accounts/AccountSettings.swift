// SPDX-License-Identifier: Apache-2.0

/// What is decided outside of the services of accounts, teams and tenants.
package struct AccountSettings: Sendable {
  /// `http` or `https`: of links to this server, for callers that do not come through the REST bridge.
  package var scheme = "https"
  /// New tenants get the host `<slug>.<this>`: `example.com`.
  package var tenantBaseDomain: String
  /// Where the browser app is, without `/` at the end; `{tenant}` stands for the tenant's slug:
  /// `https://{tenant}.example.com`.
  package var frontendURL: String
  /// Whether strangers may make tenants.
  package var allowsRegistration = true
  /// Registrations from one address in an hour. Default 10. Beyond: RESOURCE_EXHAUSTED.
  package var registrationsPerHour = 10
  /// Sign-ins from one address in a minute, right or wrong, password changes too. Default 20. Beyond:
  /// RESOURCE_EXHAUSTED.
  package var loginsPerMinute = 20
  /// Password resets asked for from one address, and for one mail address, in an hour. Default 5. Beyond:
  /// RESOURCE_EXHAUSTED.
  package var resetsPerHour = 5
  /// How long the link of a password reset can be used. Default an hour.
  package var resetLifetime: Duration = .seconds(3_600)
  /// How long an invite can be accepted. Default 7 days.
  package var inviteLifetime: Duration = .seconds(7 * 86_400)
  /// Largest picture taken, in bytes. Default 5 MiB. Beyond: INVALID_ARGUMENT.
  package var maxAvatarBytes = 5 << 20
  /// How long a signed URL can be used. Default an hour.
  package var mediaLifetime: Duration = .seconds(3_600)
  /// What callers are told to wait after a transient failure. Default 2 s.
  package var retryAfter: Duration = .seconds(2)
  /// What a profile's time zone may be.
  package var timeZones: TimeZoneNames

  /// - Parameters:
  ///   - tenantBaseDomain: new tenants get the host `<slug>.<this>`.
  ///   - frontendURL: where the browser app is.
  ///   - timeZones: what a profile's time zone may be.
  package init(tenantBaseDomain: String, frontendURL: String, timeZones: TimeZoneNames) {
    self.tenantBaseDomain = tenantBaseDomain
    self.frontendURL = frontendURL
    self.timeZones = timeZones
  }
}
