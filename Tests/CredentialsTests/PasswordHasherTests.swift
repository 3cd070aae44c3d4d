// SPDX-License-Identifier: Apache-2.0
import ByteText
import Domain
import Testing

@testable import Credentials

@Suite("Password hashes", .timeLimit(.minutes(1)))
struct PasswordHasherTests {
  /// A thousandth of the standard cost.
  static let cheap = ScryptCost(workFactor: 1 << 6, blockSize: 8, parallelism: 1)

  static func hasher(threads: Int = 2, maxWaiting: Int = 64) throws -> PasswordHasher {
    try PasswordHasher(threads: threads, maxWaiting: maxWaiting, cost: cheap)
  }

  @Test("a hash verifies its password and no other, and is different each time")
  func roundTrip() async throws {
    let hasher = try Self.hasher()
    for text in ["correct horse", "", "Pässwörd ✓", "a\0b", String(repeating: "x", count: 5_000)] {
      let password = PlainPassword(text)
      let first = try await hasher.hash(password)
      let second = try await hasher.hash(password)
      #expect(first != second)
      #expect(first.encoded.hasPrefix("scrypt$64$"))
      #expect(try await hasher.verify(password, against: first))
      #expect(try await hasher.verify(password, against: second))
      #expect(try await !hasher.verify(PlainPassword(text + "x"), against: first))
      #expect(!hasher.needsRehash(first))
    }
    let nul = try await hasher.hash(PlainPassword("a\0b"))
    #expect(try await !hasher.verify(PlainPassword("a"), against: nul))
  }

  @Test("the standard cost is Django's, and other costs and pbkdf2 ask for a new hash")
  func rehash() async throws {
    let standard = try PasswordHasher()
    let encoded = try await standard.hash(PlainPassword("secret"))
    #expect(encoded.encoded.hasPrefix("scrypt$16384$"))
    #expect(encoded.encoded.contains("$8$5$"))
    #expect(!standard.needsRehash(encoded))
    #expect(try Self.hasher().needsRehash(encoded))
    #expect(standard.needsRehash(PasswordHash(encoded: Self.pbkdf2(iterations: 1))))
    #expect(!standard.needsRehash(PasswordHash(encoded: "!unusable")))
    #expect(!standard.needsRehash(PasswordHash(encoded: "md5$salt$hash")))
  }

  /// Of any password, with a salt `s` and a hash of zeros.
  private static func pbkdf2(iterations: Int) -> String {
    "pbkdf2_sha256$\(iterations)$s$" + Base64.text([UInt8](repeating: 0, count: 32))
  }

  private static func scrypt(_ n: String, _ r: String = "8", _ p: String = "1") -> String {
    "scrypt$\(n)$s$\(r)$\(p)$" + Base64.text([UInt8](repeating: 0, count: 64))
  }

  @Test(
    "what is unusable, unknown, damaged or asks for too much work never verifies",
    arguments: [
      "", "!", "!3kDJf94mKd8sKd8sKd8sKd8sKd8sKd8sKd8sKd8s", "secret", "md5$s$5ebe2294ecd0e0f0",
      "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA", "bcrypt$$2b$12$abc",
      "scrypt$64$s$8$1$AAAA", "scrypt$64$$8$1$", "pbkdf2_sha256$1$s$", "pbkdf2_sha256$1$s",
      "pbkdf2_sha1$1$s$AAAA",
      scrypt("63"), scrypt("0"), scrypt("1"), scrypt("-64"), scrypt("+64"), scrypt("064"),
      scrypt("2097152"), scrypt("131072", "8"), scrypt("65536", "16"), scrypt("64", "33"),
      scrypt("64", "0"), scrypt("64", "8", "17"), scrypt("64", "8", "0"),
      scrypt("65536", "8", "9"), scrypt("18446744073709551616"), scrypt(" 64"),
      pbkdf2(iterations: 0), pbkdf2(iterations: 2_000_001), pbkdf2(iterations: -1),
      pbkdf2(iterations: .max), scrypt("64") + "$", scrypt("64") + "=",
      scrypt("64").replacing("$s$", with: "$\(String(repeating: "s", count: 129))$"),
    ])
  func neverVerifies(encoded: String) async throws {
    #expect(PasswordEncoding(encoded) == nil)
    let stored = PasswordHash(encoded: encoded)
    #expect(try await !Self.hasher().verify(PlainPassword("secret"), against: stored))
  }

  @Test("the most work that a row may ask for is accepted")
  func affordable() {
    for encoded in [
      Self.scrypt("65536", "8", "8"), Self.scrypt("16384", "32", "8"), Self.scrypt("2"),
      Self.pbkdf2(iterations: 2_000_000), Self.pbkdf2(iterations: 1),
    ] {
      #expect(PasswordEncoding(encoded) != nil, "\(encoded)")
    }
  }

  @Test("Django verifies our hashes, and we verify Django's of both kinds")
  func django() async throws {
    let hasher = try PasswordHasher()
    let password = "Pässwörd ✓ 1"
    let ours = try await hasher.hash(PlainPassword(password))
    let lines = try await Python.run(
      """
      import sys
      from django.conf import settings
      hashers = "django.contrib.auth.hashers."
      settings.configure(PASSWORD_HASHERS=[
          hashers + "ScryptPasswordHasher", hashers + "PBKDF2PasswordHasher"])
      from django.contrib.auth.hashers import check_password, make_password, identify_hasher
      password, ours = sys.argv[1:]
      print(check_password(password, ours), check_password(password + "x", ours))
      print(identify_hasher(ours).must_update(ours))
      print(make_password(password))
      print(make_password(password, hasher="pbkdf2_sha256"))
      print(make_password(None))
      """, [password, ours.encoded])
    try #require(lines.count == 5)
    #expect(lines[0] == "True False")
    #expect(lines[1] == "False")
    for (text, isOld) in [(lines[2], false), (lines[3], true)] {
      let encoded = PasswordHash(encoded: text)
      #expect(try await hasher.verify(PlainPassword(password), against: encoded))
      #expect(try await !hasher.verify(PlainPassword("x" + password), against: encoded))
      #expect(hasher.needsRehash(encoded) == isOld)
    }
    #expect(lines[4].hasPrefix("!"))
    #expect(PasswordEncoding(lines[4]) == nil)
  }

  @Test("who was cancelled before its turn is told so")
  func cancelled() async throws {
    let hasher = try Self.hasher(threads: 1, maxWaiting: 0)
    let cancelled = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await hasher.hash(PlainPassword("x"))
    }
    await #expect(throws: PasswordHashingError.cancelled) { try await cancelled.value }
    _ = try await hasher.hash(PlainPassword("x"))
    #expect(hasher.waiting == 0)
  }
}
