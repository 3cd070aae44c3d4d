// SPDX-License-Identifier: Apache-2.0

/// How dear one scrypt hash is (RFC 7914 §2).
package struct ScryptCost: Hashable, Sendable {
  /// N: a power of two; memory and time grow with it.
  package var workFactor: UInt64
  /// r: 128 · r bytes a block.
  package var blockSize: UInt64
  /// p: independent mixes, one after the other.
  package var parallelism: UInt64

  /// As Django's ScryptPasswordHasher writes: 16 MiB, five times.
  package static let standard = ScryptCost(workFactor: 1 << 14, blockSize: 8, parallelism: 5)

  package init(workFactor: UInt64, blockSize: UInt64, parallelism: UInt64) {
    self.workFactor = workFactor
    self.blockSize = blockSize
    self.parallelism = parallelism
  }

  /// Most memory that one hash may take, in bytes.
  static let maximumMemory: UInt64 = 72 << 20

  /// Whether a stored row may ask for this much: at most 64 MiB and some six times the standard work, so
  /// that a hostile row can neither hang a thread nor eat the memory.
  var isAffordable: Bool {
    guard (2...1 << 20).contains(workFactor), workFactor & (workFactor - 1) == 0,
      (1...32).contains(blockSize), (1...16).contains(parallelism)
    else { return false }
    return workFactor * blockSize <= 1 << 19 && workFactor * blockSize * parallelism <= 1 << 22
  }
}
