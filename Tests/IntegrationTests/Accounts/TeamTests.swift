// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("A team", .timeLimit(.minutes(15)))
  struct TeamTests {
    /// The newest mail to somebody that holds a link.
    private func link(to address: String, _ stack: TestStack) async throws -> String {
      let folder = "\(stack.folder.path)/mail"
      var token: String?
      _ = await eventually {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names.sorted().reversed() where name.hasSuffix(".eml") {
          let text = String(
            decoding: FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data(),
            as: UTF8.self)
          guard text.contains(address) else { continue }
          // Quoted-printable: soft line breaks and `=3D`.
          let plain = text.replacing("=\r\n", with: "").replacing("=3D", with: "=")
          if let found = plain.firstMatch(of: /token=([A-Za-z0-9_-]+)/) {
            token = String(found.1)
            return true
          }
        }
        return false
      }
      return try #require(token, "no mail to \(address)")
    }

    private func signIn(_ person: Person, _ stack: TestStack) async throws -> String {
      let answer = try await stack.rest(
        "POST", "/auth/login/",
        #"{"username_or_email":"\#(person.username)","password":"\#(person.password)"}"#)
      try #require(answer.status == 200, "\(answer.body)")
      let cookies = answer.setCookies.compactMap { $0.split(separator: ";").first.map(String.init) }
      return "Cookie: \(cookies.joined(separator: "; "))"
    }

    private static let origin = "Origin: http://\(TestStack.host)"

    @Test("an invite by mail is accepted once; members are changed and removed by the rules")
    func invite() async throws {
      let stack = try await SharedStack.stack()
      let owner = try await stack.createUser("towner", role: "owner")
      let admin = try await stack.createUser("tadmin", role: "admin")
      let asOwner = [try await signIn(owner, stack), Self.origin]
      let asAdmin = [try await signIn(admin, stack), Self.origin]

      let invited = try await stack.rest(
        "POST", "/team/invites/", #"{"email":"New.Person@Team.example","role":"operator"}"#,
        headers: asAdmin)
      #expect(invited.status == 201, "\(invited.body)")
      #expect(invited.body.contains(#""email":"new.person@team.example""#), "\(invited.body)")
      let twice = try await stack.rest(
        "POST", "/team/invites/", #"{"email":"NEW.person@team.example"}"#, headers: asAdmin)
      #expect(twice.status == 400 && twice.body.contains(#""email""#), "\(twice.body)")
      let tooHigh = try await stack.rest(
        "POST", "/team/invites/", #"{"email":"boss@team.example","role":"owner"}"#,
        headers: asAdmin)
      #expect(tooHigh.status == 403, "\(tooHigh.body)")

      let token = try await link(to: "new.person@team.example", stack)
      let valid = try await stack.rest("GET", "/invites/validate/?token=\(token)")
      #expect(valid.status == 200 && valid.body.contains(#""role":"operator""#), "\(valid.body)")
      let elsewhere = try await stack.rest(
        "GET", "/invites/validate/?token=\(token)", host: TestStack.rivalHost)
      #expect(elsewhere.status == 404, "\(elsewhere.body)")
      let weak = try await stack.rest(
        "POST", "/invites/accept/",
        #"{"token":"\#(token)","name":"New Person","password":"password"}"#)
      #expect(weak.status == 400 && weak.body.contains(#""password""#), "\(weak.body)")
      let form = #"{"token":"\#(token)","name":"New Person","password":"Quiet-Harbour-99"}"#
      let accepted = try await stack.rest("POST", "/invites/accept/", form)
      #expect(accepted.status == 201, "\(accepted.body)")
      let again = try await stack.rest("POST", "/invites/accept/", form)
      #expect((400..<500).contains(again.status), "\(again.body)")

      let person = Person(
        username: "new.person@team.example", email: "new.person@team.example",
        password: "Quiet-Harbour-99")
      let asNew = [try await signIn(person, stack), Self.origin]
      #expect(try await stack.rest("GET", "/team/members/", headers: asNew).status == 403)
      #expect(try await stack.rest("GET", "/auth/me/", headers: asNew).status == 200)

      // The rules.
      let members = try await stack.rest("GET", "/team/members/?page_size=500", headers: asOwner)
      let list = try members.json(Members.self)
      func id(_ email: String) throws -> Int {
        try #require(list.results.first { $0.user.email == email }).id
      }
      let (ownerID, adminID) = (try id(owner.email), try id(admin.email))
      let newID = try id(person.email)
      for (path, body) in [
        ("/team/members/\(adminID)/", #"{"role":"owner"}"#),
        ("/team/members/\(ownerID)/", #"{"role":"viewer"}"#),
        ("/team/members/\(ownerID)/", #"{"status":"inactive"}"#),
      ] {
        let answer = try await stack.rest("PATCH", path, body, headers: asAdmin)
        #expect(answer.status == 403, "\(path) \(body): \(answer.body)")
      }
      let changed = try await stack.rest(
        "PATCH", "/team/members/\(newID)/", #"{"role":"viewer"}"#, headers: asAdmin)
      #expect(
        changed.status == 200 && changed.body.contains(#""role":"viewer""#), "\(changed.body)")
      // Without an Origin, a cookie changes nothing.
      let forged = try await stack.rest(
        "DELETE", "/team/members/\(newID)/", headers: [asAdmin[0], "Origin: https://evil.example"])
      #expect(forged.status == 403, "\(forged.body)")
      let removed = try await stack.rest("DELETE", "/team/members/\(newID)/", headers: asAdmin)
      #expect(removed.status == 204 && removed.body.isEmpty, "\(removed.body)")
      #expect(try await stack.rest("GET", "/auth/me/", headers: asNew).status == 401)
      // Who was removed can be invited again, and accepts with the account that is there.
      let back = try await stack.rest(
        "POST", "/team/invites/", #"{"email":"new.person@team.example"}"#, headers: asAdmin)
      #expect(back.status == 201, "\(back.body)")
    }

    @Test("a forgotten password is set anew by mail; old sessions end")
    func passwordReset() async throws {
      let stack = try await SharedStack.stack()
      let person = try await stack.createUser("forgetful", role: "viewer")
      let session = try await signIn(person, stack)
      let request = #"{"email":"\#(person.email.uppercased())"}"#
      let unknown = #"{"email":"nobody-at-all@example.com"}"#
      let path = "/api/auth/password-reset/request/"
      let first = try await stack.rest(
        "POST", path, request, headers: ["Origin: https://evil.example"])
      let other = try await stack.rest("POST", path, unknown)
      #expect(first.status == 200 && other.status == 200 && first.body == other.body)
      let token = try await link(to: person.email, stack)
      let weak = try await stack.rest(
        "POST", "/api/auth/password-reset/confirm/",
        #"{"token":"\#(token)","password":"123456","password_confirm":"123456"}"#)
      #expect(weak.status == 400 && weak.body.contains(#""password""#), "\(weak.body)")
      let form =
        #"{"token":"\#(token)","password":"New-Harbour-55","password_confirm":"New-Harbour-55"}"#
      let done = try await stack.rest("POST", "/api/auth/password-reset/confirm/", form)
      #expect(done.status == 200, "\(done.body)")
      #expect(try await stack.rest("POST", "/api/auth/password-reset/confirm/", form).status == 400)
      #expect(try await stack.rest("GET", "/auth/me/", headers: [session]).status == 401)
      #expect(
        try await stack.rest(
          "POST", "/auth/login/",
          #"{"username_or_email":"\#(person.username)","password":"\#(person.password)"}"#
        ).status == 401)
      _ = try await signIn(
        Person(username: person.username, email: person.email, password: "New-Harbour-55"), stack)
    }

    private struct Members: Decodable {
      struct Member: Decodable {
        struct User: Decodable {
          let email: String
        }

        let id: Int
        let user: User
        let role: String
      }

      let count: Int
      let results: [Member]
    }
  }
}
