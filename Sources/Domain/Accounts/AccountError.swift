// SPDX-License-Identifier: Apache-2.0

/// Why a change of accounts, teams or tenants was not made; then nothing was changed.
package enum AccountError: Error, Hashable, Sendable {
  /// What is unique exists already; the field by its name in the API: `email`, `username`, `tenant_slug`,
  /// `domain`.
  case taken(field: String)
  /// The field by its name in the API, and what is wrong, for people.
  case invalid(field: String, String)
  /// There is no such thing here.
  case notFound
  /// The tenant would be left without an active owner.
  case lastOwner
  /// The caller's role does not reach that far.
  case roleTooLow
  /// The person belongs to the tenant already.
  case alreadyMember
  /// An open invite for that address exists.
  case alreadyInvited
  /// The invite was accepted or cancelled, or the secret was used.
  case notPending
  /// Its time is over.
  case expired
  /// The secret was meant for somebody else.
  case wrongPerson
  case store(StoreError)
}
