// SPDX-License-Identifier: Apache-2.0

/// Why a token does not count. For logs and tests: a caller is told no more than that it does not.
package enum TokenError: Error, Hashable, Sendable {
  /// Longer than ``JSONWebToken/maximumBytes``.
  case tooLarge
  /// Not three base64url parts around two JSON objects, or a member twice.
  case malformed
  /// Not HS256, or with extensions that must be understood.
  case unsupported
  /// Signed with a key that is not, or no longer, known; or that does not say which.
  case unknownKey
  case wrongSignature
  /// The token is genuine and not of the kind that was asked for, or lacks the named claim, or has it
  /// with a wrong type.
  case wrongClaim(String)
  case expired
  /// Issued later than now: the clocks of two nodes disagree by more than
  /// ``JSONWebToken/clockSkew``.
  case notYetValid
  case crypto(CryptoError)
}
