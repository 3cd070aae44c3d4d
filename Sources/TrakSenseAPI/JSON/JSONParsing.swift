// SPDX-License-Identifier: Apache-2.0

/// How strictly JSON is taken.
public struct JSONParsing: Hashable, Sendable {
  /// Whether members that the message does not have, and names that an enum does not have, pass; the
  /// latter then count as not set. Default true: clients send extra keys.
  public var ignoreUnknown: Bool

  /// - Parameter ignoreUnknown: whether what is not known passes.
  public init(ignoreUnknown: Bool = true) {
    self.ignoreUnknown = ignoreUnknown
  }
}
