// SPDX-License-Identifier: Apache-2.0

/// Key–value pairs beside a call's messages (gRPC "Custom-Metadata"): ordered, keys may repeat.
///
/// Keys are lower-case ASCII letters, digits, `_`, `-`, `.`. Values are printable ASCII, except that a key
/// ending in `-bin` carries base64 on the wire.
public struct Metadata: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  /// One pair.
  public struct Entry: Hashable, Sendable {
    /// Lower-case key.
    public var key: String
    /// The value as on the wire.
    public var value: String
  }

  /// The pairs in order.
  public private(set) var entries: [Entry] = []

  /// No pairs.
  public init() {}

  /// The literal's pairs, in order.
  public init(dictionaryLiteral elements: (String, String)...) {
    for (key, value) in elements { add(value, for: key) }
  }

  /// True when there is no pair.
  public var isEmpty: Bool { entries.isEmpty }

  /// Appends a pair; the key is folded to lower case.
  public mutating func add(_ value: String, for key: String) {
    entries.append(Entry(key: key.lowercased(), value: value))
  }

  /// The last value of `key`, compared in lower case.
  public subscript(_ key: String) -> String? {
    entries.last { $0.key == key }?.value
  }
}
