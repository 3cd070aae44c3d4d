// SPDX-License-Identifier: Apache-2.0

import ByteText

/// Key–value pairs beside a call's messages (gRPC "Custom-Metadata"): ordered, keys may repeat.
///
/// Keys are lower-case ASCII letters, digits, `_`, `-`, `.`. Values are printable ASCII, except that a key
/// ending in `-bin` carries base64 on the wire. Pairs that do not keep to that, or whose key belongs to the
/// protocol (`grpc-…`), are not sent: see ``Entry/isSendable``.
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

  /// Appends a pair.
  /// - Parameters:
  ///   - value: as on the wire: base64 when the key ends in `-bin`.
  ///   - key: folded to lower case.
  public mutating func add(_ value: String, for key: String) {
    entries.append(Entry(key: key.lowercased(), value: value))
  }

  /// Appends a pair whose value is any bytes.
  /// - Parameters:
  ///   - value: the bytes.
  ///   - key: folded to lower case; must end in `-bin`, or the other end sees the base64 text.
  public mutating func addBinary(_ value: some Sequence<UInt8>, for key: String) {
    add(Base64.text(value, as: .unpadded), for: key)
  }

  /// The last value of `key`, compared in lower case.
  public subscript(_ key: String) -> String? {
    entries.last { $0.key == key }?.value
  }

  /// The bytes of the last value of `key`, which ends in `-bin`; nil when there is none or it is not base64.
  public func binary(_ key: String) -> [UInt8]? {
    self[key].flatMap { Base64.decode($0.utf8) }
  }

  /// The bytes of all values of `key`, which ends in `-bin`, without those that are not base64.
  public func binaries(_ key: String) -> [[UInt8]] {
    entries.filter { $0.key == key }.compactMap { Base64.decode($0.value.utf8) }
  }

  static func isBinary(_ key: String) -> Bool { key.hasSuffix("-bin") }
}
