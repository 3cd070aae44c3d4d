// SPDX-License-Identifier: Apache-2.0

import ByteText

/// The secrets that sign tokens: the first signs, all verify, so that a new one can be put in front of the
/// old one and the old one dropped when its last token has expired.
package struct SigningKeys: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  /// RFC 7518 §3.2: a key for HS256 has at least the size of the digest.
  package static let minimumBytes = 32

  struct Key: Sendable {
    /// First 8 hexadecimal digits of the secret's SHA-256; stands in each token's header.
    let id: String
    let secret: [UInt8]
  }

  /// Why a setting holds no usable keys.
  package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
    case empty
    /// The number of the key, from 1.
    case tooShort(Int)
    /// Two keys are the same, or cannot be told apart by their id; the number of the second.
    case duplicate(Int)
    case crypto(CryptoError)

    /// For people; names no part of a key.
    package var description: String {
      switch self {
      case .empty: "holds no key"
      case .tooShort(let number):
        "key \(number) is too short: at least \(SigningKeys.minimumBytes) bytes are needed"
      case .duplicate(let number): "key \(number) is there already"
      case .crypto(let error): "\(error)"
      }
    }
  }

  let signing: Key
  private let all: [Key]

  /// - Parameter setting: keys separated by commas; spaces around them do not count.
  package init(_ setting: String) throws(Problem) {
    var keys: [Key] = []
    for part in setting.split(separator: ",") {
      let trimmed = part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
      let secret = Array(String(trimmed).utf8)
      guard !secret.isEmpty else { continue }
      guard secret.count >= Self.minimumBytes else { throw .tooShort(keys.count + 1) }
      let id: String
      do throws(CryptoError) {
        id = Hexadecimal.encode(try Digest.sha256(secret).prefix(4))
      } catch {
        throw .crypto(error)
      }
      guard !keys.contains(where: { $0.id == id }) else { throw .duplicate(keys.count + 1) }
      keys.append(Key(id: id, secret: secret))
    }
    guard let first = keys.first else { throw .empty }
    signing = first
    all = keys
  }

  func key(id: String) -> Key? { all.first { $0.id == id } }

  package var description: String { "(redacted)" }
  package var debugDescription: String { "(redacted)" }
}
