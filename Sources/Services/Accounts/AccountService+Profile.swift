// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension AccountService {
  private static let maxPhone = 20
  private static let maxBio = 2_000
  private static let phoneCharacters = Set("0123456789 +-().")

  package func getMe(
    _ request: TraksenseV1.GetMeRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.User {
    let person = try context.person()
    let user = try await desk.user(person.id, context)
    return try desk.message(user, role: person.role, tenant: try context.tenant(), context)
  }

  package func updateMe(
    _ request: TraksenseV1.UpdateMeRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.UpdateMeResponse {
    let person = try context.person()
    let change = try profileChange(request)
    let user = try await desk.changed(context) { () async throws(AccountError) in
      try await ports.accounts.updateProfile(
        of: person.id, by: desk.actor(context), { change.apply(to: &$0) })
    }
    return TraksenseV1.UpdateMeResponse(
      user: try desk.message(user, role: person.role, tenant: try context.tenant(), context),
      message: "The profile is saved.")
  }

  /// - Throws: INVALID_ARGUMENT with all fields that are wrong.
  private func profileChange(
    _ request: TraksenseV1.UpdateMeRequest
  ) throws(RPCError) -> ProfileChange {
    let fields = FieldSelection(request.updateMask)
    var problems = FieldProblems()
    var change = ProfileChange()
    if fields.changes("name", isSet: !request.name.isEmpty) {
      let names = problems.names(request.name)
      change.firstName = names.first
      change.lastName = names.last
    }
    if fields.changes("first_name", isSet: !request.firstName.isEmpty) {
      change.firstName = problems.line(
        request.firstName, "first_name", maxLength: FieldProblems.maxName)
    }
    if fields.changes("last_name", isSet: !request.lastName.isEmpty) {
      change.lastName = problems.line(
        request.lastName, "last_name", maxLength: FieldProblems.maxName)
    }
    if fields.changes("phone", isSet: request.phone != nil) {
      let phone = problems.line(request.phone?.value ?? "", "phone", maxLength: Self.maxPhone)
      if !problems.mentions("phone"), !phone.allSatisfy({ Self.phoneCharacters.contains($0) }) {
        problems.add("phone", "May contain digits, spaces and + - ( ) . only.")
      }
      change.phone = .some(phone.isEmpty ? nil : phone)
    }
    if fields.changes("bio", isSet: request.bio != nil) {
      let bio = problems.text(request.bio?.value ?? "", "bio", maxLength: Self.maxBio)
      change.bio = .some(bio.isEmpty ? nil : bio)
    }
    if fields.changes("timezone", isSet: !request.timezone.isEmpty) {
      if !desk.settings.timeZones.contains(request.timezone) {
        problems.add("timezone", "Is not a name of the IANA time zone database.")
      }
      change.timezone = request.timezone
    }
    if fields.changes("time_format", isSet: !request.timeFormat.isEmpty) {
      change.timeFormat = UserAccount.TimeFormat(rawValue: request.timeFormat)
      if change.timeFormat == nil { problems.add("time_format", "Must be 24h or 12h.") }
    }
    try problems.check()
    return change
  }
}

/// What is to change in a profile; nil: stays.
private struct ProfileChange: Sendable {
  var firstName: String?
  var lastName: String?
  var phone: String??
  var bio: String??
  var timezone: String?
  var timeFormat: UserAccount.TimeFormat?

  func apply(to profile: inout UserProfile) {
    if let firstName { profile.firstName = firstName }
    if let lastName { profile.lastName = lastName }
    if let phone { profile.phone = phone }
    if let bio { profile.bio = bio }
    if let timezone { profile.timezone = timezone }
    if let timeFormat { profile.timeFormat = timeFormat }
  }
}
