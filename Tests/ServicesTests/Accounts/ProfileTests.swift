// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("One's own account", .timeLimit(.minutes(5)))
struct ProfileTests {
  @Test("what is in the mask changes, the rest stays, and null clears")
  func mask() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("viewer")
    var request = TraksenseV1.UpdateMeRequest(
      firstName: "Eva", lastName: "Lima", phone: ProtoStringValue("+55 (11) 1.2-3"),
      bio: ProtoStringValue("Two\nlines"), timezone: "Portugal", timeFormat: "12h",
      updateMask: ProtoFieldMask(
        paths: ["first_name", "phone", "bio", "timezone", "time_format", "email", "role"]))
    let user = try #require(try await fixture.account.updateMe(request, options: options).user)
    #expect(user.firstName == "Eva" && user.lastName.isEmpty && user.fullName == "Eva")
    #expect(user.phone?.value == "+55 (11) 1.2-3" && user.bio?.value == "Two\nlines")
    #expect(user.timezone == "Portugal" && user.timeFormat == "12h")
    #expect(user.email == "viewer@umc.example" && user.role?.value == "viewer")
    request = TraksenseV1.UpdateMeRequest(updateMask: ProtoFieldMask(paths: ["phone"]))
    let cleared = try await fixture.account.updateMe(request, options: options).user
    #expect(cleared?.phone == nil && cleared?.bio != nil)
  }

  @Test("without a mask what is set changes")
  func noMask() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("viewer")
    let user = try await fixture.account.updateMe(.init(name: "Eva  Maria Lima"), options: options)
      .user
    #expect(user?.firstName == "Eva" && user?.lastName == "Maria Lima")
    #expect(user?.timezone == "America/Sao_Paulo")
  }

  @Test("all wrong fields are named at once; nothing changes")
  func wrong() async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("viewer")
    let request = TraksenseV1.UpdateMeRequest(
      firstName: String(repeating: "a", count: 151), lastName: "a\u{7}",
      phone: ProtoStringValue("call me"),
      bio: ProtoStringValue(String(repeating: "a", count: 2_001)),
      timezone: "Mars/Olympus", timeFormat: "13h")
    let error = await refusal { () async throws(RPCError) in
      try await fixture.account.updateMe(request, options: options)
    }
    #expect(error.code == .invalidArgument)
    #expect(
      error.fields == ["bio", "first_name", "last_name", "phone", "time_format", "timezone"])
    #expect(fixture.accounts.audited(.profileChanged).isEmpty)
  }

  @Test(
    "phone and bio may have so many characters",
    arguments: [(20, 2_000, true), (21, 2_000, false), (20, 2_001, false)])
  func lengths(phone: Int, bio: Int, isTaken: Bool) async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("viewer")
    let request = TraksenseV1.UpdateMeRequest(
      phone: ProtoStringValue(String(repeating: "1", count: phone)),
      bio: ProtoStringValue(String(repeating: "é", count: bio)))
    do throws(RPCError) {
      _ = try await fixture.account.updateMe(request, options: options)
      #expect(isTaken)
    } catch {
      #expect(!isTaken && error.code == .invalidArgument)
    }
  }

  @Test("programs have no account")
  func programs() async throws {
    let fixture = try await AccountFixture()
    let key = try await fixture.apiKey([.admin])
    await Expected(.permissionDenied).check { () async throws(RPCError) in
      try await fixture.account.getMe(.init(), options: fixture.bearer(key))
    }
  }

  @Test("a changed password ends all sessions and opens a new one")
  func changePassword() async throws {
    let fixture = try await AccountFixture()
    let old = try await fixture.session("owner")
    let new = "another-kettle-7"
    let response = try await fixture.account.changePassword(
      .init(oldPassword: AccountFixture.password, newPassword: new, newPasswordConfirm: new),
      options: fixture.bearer(old.access))
    let tokens = try #require(response.tokens)
    _ = try await fixture.account.getMe(.init(), options: fixture.bearer(tokens.accessToken))
    await Expected(.unauthenticated).check { () async throws(RPCError) in
      try await fixture.account.getMe(.init(), options: fixture.bearer(old.access))
    }
    _ = try await fixture.auth.login(
      .init(usernameOrEmail: "owner-umc", password: new), options: AccountFixture.umc)
  }

  @Test(
    "a password is not changed when something is wrong",
    arguments: [
      ("", "another-kettle-7", "another-kettle-7", ["old_password"]),
      ("wrong", "another-kettle-7", "other", ["new_password_confirm", "old_password"]),
      (AccountFixture.password, "12345678", "12345678", ["new_password"]),
      (AccountFixture.password, "owner@umc.example", "owner@umc.example", ["new_password"]),
      ("wrong", "", "", ["new_password", "old_password"]),
    ])
  func badPasswords(old: String, new: String, again: String, fields: [String]) async throws {
    let fixture = try await AccountFixture()
    let options = try await fixture.options("owner")
    let error = await refusal { () async throws(RPCError) in
      try await fixture.account.changePassword(
        .init(oldPassword: old, newPassword: new, newPasswordConfirm: again), options: options)
    }
    #expect(error.code == .invalidArgument && error.fields == fields)
    _ = try await fixture.account.getMe(.init(), options: options)
  }
}
