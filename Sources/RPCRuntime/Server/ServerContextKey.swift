// SPDX-License-Identifier: Apache-2.0

/// Names a value that an interceptor leaves in a call's ``ServerContext`` for what runs later.
public protocol ServerContextKey {
  /// What is left.
  associatedtype Value: Sendable
}
