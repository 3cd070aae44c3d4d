// SPDX-License-Identifier: Apache-2.0
import ByteText
import JSONText

/// A signed JSON object in the compact form of RFC 7515: `header.payload.signature`, HMAC-SHA256 only.
///
/// The header never decides how a token is checked: the algorithm is HS256 or the token is refused, and
/// the key is one of ours, found by `kid`.
package enum JSONWebToken {
  /// Longest token that is looked at, in bytes. Ours have some 400.
  package static let maximumBytes = 4 << 10
  /// How far a token's `iat` may lie ahead. `exp` has no such grace.
  package static let clockSkew: Duration = .seconds(60)

  /// - Parameter payload: a JSON object.
  static func sign(_ payload: [UInt8], with keys: SigningKeys) throws(CryptoError) -> String {
    var header = JSONWriter()
    header.beginObject()
    header.key("alg")
    header.string("HS256")
    header.key("kid")
    header.string(keys.signing.id)
    header.key("typ")
    header.string("JWT")
    header.endObject()
    let input = Base64.text(header.bytes, as: .url) + "." + Base64.text(payload, as: .url)
    let signature = try Self.signature(of: input, with: keys.signing.secret)
    return input + "." + Base64.text(signature, as: .url)
  }

  /// - Returns: the payload of a genuine token; nothing in it has been looked at.
  static func verify(_ token: String, with keys: SigningKeys) throws(TokenError) -> [UInt8] {
    guard token.utf8.count <= maximumBytes else { throw .tooLarge }
    let parts = token.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 3, let header = Base64.decode(exactly: parts[0], as: .url),
      let payload = Base64.decode(exactly: parts[1], as: .url),
      let presented = Base64.decode(exactly: parts[2], as: .url)
    else { throw .malformed }
    let key = try Self.key(for: header, among: keys)
    let expected: [UInt8]
    do throws(CryptoError) {
      expected = try signature(of: "\(parts[0]).\(parts[1])", with: key.secret)
    } catch {
      throw .crypto(error)
    }
    guard ConstantTime.areEqual(presented, expected) else { throw .wrongSignature }
    return payload
  }

  /// RFC 7515 §5.1 step 5.
  static func signature(of input: String, with secret: [UInt8]) throws(CryptoError) -> [UInt8] {
    try Digest.hmacSHA256(Array(input.utf8), key: secret)
  }

  private static func key(
    for header: [UInt8], among keys: SigningKeys
  ) throws(TokenError) -> SigningKeys.Key {
    let members = try JSONObject(header)
    guard members["alg"] == .text("HS256") else { throw .unsupported }
    // RFC 7515 §4.1.11: whoever does not understand what `crit` lists must refuse; we understand none.
    guard members["crit"] == nil else { throw .unsupported }
    guard case .text(let id) = members["kid"], let key = keys.key(id: id) else {
      throw .unknownKey
    }
    return key
  }
}

/// The members of one JSON object, by name; what is neither text nor integer keeps only its name.
struct JSONObject {
  enum Value: Equatable {
    case text(String)
    case integer(Int64)
    case other
  }

  private var members: [String: Value] = [:]

  /// - Throws: `.malformed` also for a member that is there twice (RFC 7515 §4, RFC 7519 §4).
  init(_ bytes: [UInt8]) throws(TokenError) {
    do throws(JSONError) {
      var json = JSONReader(bytes, maximumDepth: 8)
      try json.beginObject()
      while let key = try json.nextKey() {
        let name = key.description
        let value = try Self.value(&json)
        guard members.updateValue(value, forKey: name) == nil else {
          throw JSONError(.unexpectedByte(expected: "another name"), at: key.offset)
        }
      }
      try json.end()
    } catch {
      throw .malformed
    }
  }

  subscript(name: String) -> Value? { members[name] }

  func text(_ name: String) throws(TokenError) -> String {
    guard case .text(let text) = members[name], !text.isEmpty else { throw .wrongClaim(name) }
    return text
  }

  func integer(_ name: String) throws(TokenError) -> Int64 {
    guard case .integer(let integer) = members[name] else { throw .wrongClaim(name) }
    return integer
  }

  private static func value(_ json: inout JSONReader) throws(JSONError) -> Value {
    switch try json.peek() {
    case .string: return .text(try json.readString())
    case .number:
      var attempt = json
      do throws(JSONError) {
        let integer = try attempt.readInt64()
        json = attempt
        return .integer(integer)
      } catch {
        try json.skipValue()
        return .other
      }
    case .object, .array, .bool, .null:
      try json.skipValue()
      return .other
    }
  }
}
