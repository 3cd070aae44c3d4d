// SPDX-License-Identifier: Apache-2.0
import ByteText
import Domain
import Testing

@testable import Credentials

@Suite("Digests and randomness")
struct PrimitivesTests {
  @Test("SHA-256 of FIPS 180-4's examples")
  func sha256() throws {
    #expect(
      Hexadecimal.encode(try Digest.sha256("abc"))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      Hexadecimal.encode(try Digest.sha256(""))
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test("HMAC-SHA256 of RFC 4231's cases 1, 2 and 6 (a key longer than a block)")
  func hmac() throws {
    let cases: [([UInt8], String, String)] = [
      (
        [UInt8](repeating: 0x0b, count: 20), "Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        Array("Jefe".utf8), "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        [UInt8](repeating: 0xaa, count: 131),
        "Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
    ]
    for (key, message, digest) in cases {
      #expect(
        Hexadecimal.encode(try Digest.hmacSHA256(Array(message.utf8), key: key)) == digest)
    }
  }

  @Test("comparison finds each single differing byte, and different lengths")
  func comparison() {
    let secret = [UInt8](0..<32)
    #expect(ConstantTime.areEqual(secret, secret))
    #expect(ConstantTime.areEqual([], []))
    #expect(!ConstantTime.areEqual(secret, Array(secret.dropLast())))
    for index in secret.indices {
      var other = secret
      other[index] ^= 0x80
      #expect(!ConstantTime.areEqual(secret, other))
    }
  }

  @Test("random texts have their form and do not repeat")
  func random() throws {
    var seen: Set<String> = []
    for _ in 0..<200 {
      let uuid = try SecureRandom.uuid()
      #expect(
        uuid.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/)
          != nil)
      let salt = try SecureRandom.alphanumeric(22)
      #expect(salt.wholeMatch(of: /[A-Za-z0-9]{22}/) != nil)
      let token = try SecureRandom.token()
      #expect(Base64.decode(exactly: token, as: .url)?.count == 32)
      #expect(seen.insert(uuid).inserted)
      #expect(seen.insert(salt).inserted)
      #expect(seen.insert(token).inserted)
    }
    #expect(try SecureRandom.bytes(0).isEmpty)
    #expect(try SecureRandom.alphanumeric(0).isEmpty)
  }
}
