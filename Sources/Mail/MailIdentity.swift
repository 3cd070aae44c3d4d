// SPDX-License-Identifier: Apache-2.0

/// What tells one message from all others: 128 random bits.
enum MailIdentity {
  static func make() -> String {
    var random = SystemRandomNumberGenerator()
    return [random.next(), random.next()].map { (half: UInt64) in
      let digits = String(half, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
