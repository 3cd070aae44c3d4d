// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// Somebody who can sign in.
struct Person: Sendable {
  let username: String
  let email: String
  let password: String
}

extension TestStack {
  /// Makes a user who belongs to a tenant, with the command for it.
  func createUser(
    _ name: String, tenant: String = "umc", role: String = "viewer"
  ) async throws -> Person {
    let person = Person(
      username: name, email: "\(name)@example.com", password: "Quiet-Harbour-17")
    let file = freshLog("password")
    try Data("\(person.password)\n".utf8).write(to: URL(filePath: file))
    try await Run(
      "/bin/sh",
      [
        "-c", "exec \"$@\" <\"$0\"", file, Repository.traksense, "createsuperuser", "--no-staff",
        "--email", person.email, "--username", name, "--tenant", tenant, "--role", role,
      ],
      environment: server.environment, log: freshLog("createsuperuser")
    ).succeed()
    return person
  }
}
