// SPDX-License-Identifier: Apache-2.0

/// One signed-in browser or program: a family of tokens, each refresh replacing the one before.
package struct UserSession: Hashable, Sendable {
  /// Random: a UUID in its text form.
  package var id: SessionID
  package var user: Int64
  package var tenant: Int64
  package var createdAt: Timestamp
  package var lastUsedAt: Timestamp
  /// When the newest refresh token ends.
  package var expiresAt: Timestamp
  package var origin: CallOrigin

  package init(
    id: SessionID, user: Int64, tenant: Int64, createdAt: Timestamp, lastUsedAt: Timestamp,
    expiresAt: Timestamp, origin: CallOrigin
  ) {
    self.id = id
    self.user = user
    self.tenant = tenant
    self.createdAt = createdAt
    self.lastUsedAt = lastUsedAt
    self.expiresAt = expiresAt
    self.origin = origin
  }
}

/// Random: a UUID in its text form, lower case.
package struct SessionID: Hashable, Sendable {
  package let text: String

  package init(text: String) {
    self.text = text
  }
}

/// Where a call came from, for audit and session lists.
package struct CallOrigin: Hashable, Sendable {
  /// An IP address, or what stands for one (`unix`); empty: not known.
  package var address: String
  /// At most 300 characters of the caller's `user-agent`; empty: it sent none.
  package var userAgent: String

  package init(address: String = "", userAgent: String = "") {
    self.address = address
    self.userAgent = userAgent
  }
}
