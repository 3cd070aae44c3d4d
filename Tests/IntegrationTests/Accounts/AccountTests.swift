// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("An account", .timeLimit(.minutes(15)))
  struct AccountTests {
    private static let origin = "Origin: http://\(TestStack.host)"

    private func signIn(
      _ name: String, _ password: String, _ stack: TestStack
    ) async throws -> HTTPAnswer {
      try await stack.rest(
        "POST", "/auth/login/", #"{"username_or_email":"\#(name)","password":"\#(password)"}"#)
    }

    private func cookies(_ answer: HTTPAnswer) throws -> String {
      try #require(answer.status == 200, "\(answer.body)")
      let cookies = answer.setCookies.compactMap { $0.split(separator: ";").first }
      return "Cookie: \(cookies.joined(separator: "; "))"
    }

    @Test("a picture is stored small, shown behind a signed link, and removed")
    func avatar() async throws {
      let stack = try await SharedStack.stack()
      let person = try await stack.createUser("pictured")
      let session = [
        try cookies(try await signIn(person.username, person.password, stack)), Self.origin,
      ]
      let file = "\(stack.folder.path)/picture.png"
      let make = try Run(
        Tool.python().path,
        ["-c", "from PIL import Image; Image.new('RGB', (900, 600), 'teal').save('\(file)')"],
        log: stack.freshLog("pillow"))
      try await make.succeed()
      let uploaded = try await stack.upload("/auth/avatar/", file: file, headers: session)
      #expect(uploaded.status == 200, "\(uploaded.body)")
      let url = try uploaded.json(Pictured.self).avatar
      #expect(url?.hasPrefix("http://\(TestStack.host)") == true, "\(uploaded.body)")
      let path = try #require(
        url.flatMap { URL(string: $0) }.map { "\($0.path())?\($0.query() ?? "")" })
      let shown = "\(stack.folder.path)/shown"
      let picture = try await stack.download(path, to: shown)
      #expect(picture == "200 image/jpeg", "\(picture)")
      let size = try Run(
        Tool.python().path, ["-c", "from PIL import Image; print(Image.open('\(shown)').size)"],
        log: stack.freshLog("pillow"))
      #expect(try await size.succeed().contains("(512, 341)"), "\(size.output)")
      // The link is for this picture, until it expires, and for nobody who changes it.
      let forged = path.replacing("signature=", with: "signature=x")
      #expect(try await stack.rest("GET", forged).status == 404)

      try Data("#!/bin/sh".utf8).write(to: URL(filePath: file))
      let script = try await stack.upload("/users/me/avatar", file: file, headers: session)
      #expect(script.status == 400 && script.body.hasPrefix(#"{"avatar":["#), "\(script.body)")

      let removed = try await stack.rest("DELETE", "/auth/avatar/", headers: session)
      #expect(removed.status == 200 && removed.body.contains(#""avatar":null"#), "\(removed.body)")
      #expect(try await stack.rest("GET", path).status == 404)
    }

    private struct Pictured: Decodable {
      let avatar: String?
    }

    @Test(
      "a new password ends all sessions but the one that set it; sessions are listed and revoked")
    func sessions() async throws {
      let stack = try await SharedStack.stack()
      let person = try await stack.createUser("careful")
      let first = try cookies(try await signIn(person.username, person.password, stack))
      let second = try cookies(try await signIn(person.email, person.password, stack))
      let list = try await stack.rest("GET", "/auth/sessions/", headers: [first])
      let sessions = try list.json(Sessions.self)
      #expect(sessions.count == 2 && sessions.results.filter(\.isCurrent).count == 1)
      let other = try #require(sessions.results.first { !$0.isCurrent })
      let revoked = try await stack.rest(
        "DELETE", "/auth/sessions/\(other.id)/", headers: [first, Self.origin])
      #expect(revoked.status == 204)
      #expect(try await stack.rest("GET", "/auth/me/", headers: [second]).status == 401)

      func change(_ old: String, _ new: String) async throws -> HTTPAnswer {
        try await stack.rest(
          "POST", "/users/me/change-password/",
          #"{"old_password":"\#(old)","new_password":"\#(new)","new_password_confirm":"\#(new)"}"#,
          headers: [first, Self.origin])
      }
      let wrong = try await change("wrong", "Loud-Mountain-42")
      #expect(wrong.status == 400 && wrong.body.contains(#""old_password""#), "\(wrong.body)")
      let weak = try await change(person.password, "password")
      #expect(weak.status == 400 && weak.body.contains(#""new_password""#), "\(weak.body)")
      let changed = try await change(person.password, "Loud-Mountain-42")
      let third = try cookies(changed)
      #expect(try await stack.rest("GET", "/auth/me/", headers: [first]).status == 401)
      #expect(try await stack.rest("GET", "/auth/me/", headers: [third]).status == 200)
      #expect(try await signIn(person.username, person.password, stack).status == 401)
    }

    private struct Sessions: Decodable {
      struct Session: Decodable {
        let id: String
        let isCurrent: Bool
      }

      let count: Int
      let results: [Session]
    }

    @Test("a password of the existing system opens, and is stored anew, stronger")
    func djangoPassword() async throws {
      let stack = try await SharedStack.stack()
      let person = try await stack.createUser("mover")
      // hashlib.pbkdf2_hmac('sha256', b'Quiet-Harbour-17', b'seasalt', 1000), as Django writes it.
      let encoded = "pbkdf2_sha256$1000$seasalt$0oKV133Vw6wjT2e/4WSVw+JS3VUROEqREMLFrA5Il5c="
      _ = try await stack.query(
        "UPDATE accounts_user SET password = '\(encoded)' WHERE username = 'mover'")
      #expect(try await signIn("mover", "Quiet-Harbour-18", stack).status == 401)
      #expect(try await signIn("mover", person.password, stack).status == 200)
      let stored = try await stack.query(
        "SELECT password FROM accounts_user WHERE username = 'mover'")
      #expect(stored.first?.first?.hasPrefix("scrypt$") == true)
      #expect(try await signIn("mover", person.password, stack).status == 200)
    }

    @Test("who guesses is locked out for a while, told how long, and written down")
    func lockout() async throws {
      try await TestStack.with { stack in
        let person = try await stack.createUser("guessed")
        for _ in 0..<5 {
          #expect(try await signIn("guessed", "wrong-password", stack).status == 401)
        }
        let locked = try await signIn("GUESSED", person.password, stack)
        #expect(locked.status == 429, "\(locked.body)")
        #expect(locked.headers["retry-after"].flatMap { Int($0) } ?? 0 > 10)
        #expect(locked.setCookies.isEmpty)
        // Somebody who does not exist is treated alike.
        for _ in 0..<5 {
          #expect(try await signIn("nobody", "wrong-password", stack).status == 401)
        }
        #expect(try await signIn("nobody", "wrong-password", stack).status == 429)
        let failures = try await stack.count(
          "SELECT count(*) FROM accounts_audit WHERE action = 'account.sign_in_failed'")
        #expect(failures >= 10)
        #expect(
          try await stack.count(
            "SELECT count(*) FROM accounts_audit WHERE action = 'account.sign_in_locked'") >= 2)
      }
    }

    @Test("nothing secret or personal goes into the log, at its most talkative")
    func log() async throws {
      try await TestStack.with(environment: ["TRAKSENSE_LOG_LEVEL": "trace"]) { stack in
        let person = try await stack.createUser("loggedperson", role: "owner")
        let answer = try await signIn(person.email, person.password, stack)
        let session = try cookies(answer)
        _ = try await signIn(person.email, "wrong-secret-word", stack)
        _ = try await stack.rest(
          "PATCH", "/auth/me/", #"{"phone":"+55 34 991735528","bio":"a private word"}"#,
          headers: [session, Self.origin])
        _ = try await stack.rest(
          "POST", "/team/invites/", #"{"email":"invited@secret.example"}"#,
          headers: [session, Self.origin])
        _ = try await stack.rest(
          "POST", "/api/auth/password-reset/request/", #"{"email":"\#(person.email)"}"#)
        let key = try await stack.apiKey(of: "umc", ["read"])
        _ = try await stack.get("/tenant/", headers: ["X-Api-Key: \(key)"])
        let isSent = await eventually {
          let mails = try? FileManager.default.contentsOfDirectory(
            atPath: "\(stack.folder.path)/mail")
          return mails?.filter { $0.hasSuffix(".eml") }.count ?? 0 >= 2
        }
        #expect(isSent)
        let log = await stack.server.log
        #expect(log.contains("AuthService/Login"), "it talks at all")
        var secrets = answer.setCookies.compactMap { cookie in
          cookie.split(separator: "=", maxSplits: 1).last?.split(separator: ";").first
        }.map(String.init)
        secrets += [
          person.password, person.email, "wrong-secret-word", "991735528", "a private word",
          "invited@secret.example", key, TestStack.secretKey, TestStack.ingestKey,
          TestStack.databasePassword, "scrypt$", "token=",
        ]
        for secret in secrets where log.contains(secret) {
          Issue.record("the log holds \(secret)")
        }
      }
    }
  }
}
