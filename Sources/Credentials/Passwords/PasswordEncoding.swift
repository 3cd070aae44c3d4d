// SPDX-License-Identifier: Apache-2.0
import ByteText
import COpenSSL

/// A stored password hash, taken apart. The texts are Django's, so that its users move over:
/// `scrypt$N$salt$r$p$hash` and `pbkdf2_sha256$iterations$salt$hash`, the hash in base64.
enum PasswordEncoding {
  case scrypt(ScryptCost, salt: String, hash: [UInt8])
  case pbkdf2(iterations: Int32, salt: String, hash: [UInt8])

  /// Bytes of a scrypt hash; Django's `dklen`.
  static let scryptBytes = 64
  /// Django 5 writes 1,000,000; a row may ask for twice that.
  static let maximumIterations: Int32 = 2_000_000
  private static let maximumSaltBytes = 128
  private static let maximumTextBytes = 512

  /// - Returns: nil for what never verifies: unusable passwords (`!…`), other algorithms, and rows that
  ///   ask for more work than anybody wrote in good faith.
  init?(_ text: String) {
    guard text.utf8.count <= Self.maximumTextBytes else { return nil }
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    switch (parts.first, parts.count) {
    case ("scrypt", 6):
      guard let workFactor = Self.number(parts[1]), let blockSize = Self.number(parts[3]),
        let parallelism = Self.number(parts[4]),
        let hash = Base64.decode(exactly: parts[5], as: .standard),
        hash.count == Self.scryptBytes, Self.isSalt(parts[2])
      else { return nil }
      let cost = ScryptCost(
        workFactor: workFactor, blockSize: blockSize, parallelism: parallelism)
      guard cost.isAffordable else { return nil }
      self = .scrypt(cost, salt: String(parts[2]), hash: hash)
    case ("pbkdf2_sha256", 4):
      guard let number = Self.number(parts[1]), let iterations = Int32(exactly: number),
        (1...Self.maximumIterations).contains(iterations),
        let hash = Base64.decode(exactly: parts[3], as: .standard),
        hash.count == Digest.sha256Bytes, Self.isSalt(parts[2])
      else { return nil }
      self = .pbkdf2(iterations: iterations, salt: String(parts[2]), hash: hash)
    default:
      return nil
    }
  }

  /// The text of a scrypt hash.
  static func text(_ cost: ScryptCost, salt: String, hash: [UInt8]) -> String {
    "scrypt$\(cost.workFactor)$\(salt)$\(cost.blockSize)$\(cost.parallelism)$"
      + Base64.text(hash)
  }

  /// Blocking: a fifth of a second of one core, or so.
  func matches(_ password: [UInt8]) throws(CryptoError) -> Bool {
    switch self {
    case .scrypt(let cost, let salt, let hash):
      ConstantTime.areEqual(try Self.scrypt(password, salt: salt, cost: cost), hash)
    case .pbkdf2(let iterations, let salt, let hash):
      ConstantTime.areEqual(
        try Self.pbkdf2(password, salt: salt, iterations: iterations), hash)
    }
  }

  static func scrypt(
    _ password: [UInt8], salt: String, cost: ScryptCost
  ) throws(CryptoError) -> [UInt8] {
    var hash = [UInt8](repeating: 0, count: scryptBytes)
    let salt = Array(salt.utf8)
    let done = unsafe password.withUnsafeBytes { password in
      unsafe EVP_PBE_scrypt(
        password.baseAddress?.assumingMemoryBound(to: CChar.self), password.count, salt,
        salt.count, cost.workFactor, cost.blockSize, cost.parallelism, ScryptCost.maximumMemory,
        &hash, hash.count)
    }
    guard done == 1 else { throw CryptoError(operation: "EVP_PBE_scrypt") }
    return hash
  }

  private static func pbkdf2(
    _ password: [UInt8], salt: String, iterations: Int32
  ) throws(CryptoError) -> [UInt8] {
    var hash = [UInt8](repeating: 0, count: Digest.sha256Bytes)
    let salt = Array(salt.utf8)
    let done = unsafe password.withUnsafeBytes { password in
      unsafe PKCS5_PBKDF2_HMAC(
        password.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: password.count),
        salt, Int32(clamping: salt.count), iterations, EVP_sha256(), Int32(clamping: hash.count),
        &hash)
    }
    guard done == 1 else { throw CryptoError(operation: "PKCS5_PBKDF2_HMAC") }
    return hash
  }

  /// Digits only, without sign or leading zero: as Django writes numbers.
  private static func number(_ text: Substring) -> UInt64? {
    guard let number = UInt64(text), String(number) == text else { return nil }
    return number
  }

  private static func isSalt(_ text: Substring) -> Bool {
    (1...maximumSaltBytes).contains(text.utf8.count)
  }
}
