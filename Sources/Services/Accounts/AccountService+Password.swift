// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension AccountService {
  /// Counts as a sign-in of the caller's address, so that a stolen session is no way to guess a password.
  package func changePassword(
    _ request: TraksenseV1.ChangePasswordRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ChangePasswordResponse {
    let person = try context.person()
    let tenant = try context.tenant()
    let user = try await desk.user(person.id, context)
    let password = PlainPassword(request.newPassword)
    var problems = FieldProblems()
    problems.present(request.oldPassword, "old_password")
    problems.password(password, "new_password", for: PasswordPolicy.Person(user))
    problems.confirmation(
      request.newPasswordConfirm, of: request.newPassword, "new_password_confirm")
    if !request.oldPassword.isEmpty {
      try desk.admit(CallOrigin(context).address, desk.logins)
      let found = try await desk.stored(context) { () async throws(StoreError) in
        try await ports.accounts.credentials(for: .email(user.email))
      }
      let old = PlainPassword(request.oldPassword)
      if !(try await desk.matches(old, found?.password, context)) {
        problems.add("old_password", "Is not your password.")
      }
    }
    try problems.check()
    let hash = try await desk.hash(password, context)
    try await desk.changed(context) { () async throws(AccountError) in
      try await ports.accounts.setPassword(of: user.id, to: hash, by: desk.actor(context))
    }
    return TraksenseV1.ChangePasswordResponse(
      message: "The password is changed. All other sessions have ended.",
      tokens: try await desk.open(user, in: tenant, context))
  }
}
