// SPDX-License-Identifier: Apache-2.0

/// Memory for the C structs of one message, freed all at once. The first bytes come from the caller's
/// stack, so that a small message costs no allocation at all.
@safe package struct Arena: ~Copyable {
  /// In front of each chunk that came from the heap; they form a list.
  @safe private struct ChunkHeader {
    var next: UnsafeMutablePointer<ChunkHeader>?
  }

  /// Everything is aligned for int64_t, double and pointers.
  private static let alignment = 8
  private static let firstChunk = 8 << 10
  private static let largestChunk = 1 << 20

  private var cursor: UnsafeMutableRawPointer?
  private var available: Int
  private var chunks: UnsafeMutablePointer<ChunkHeader>?
  private var nextChunk = firstChunk
  private var budget: Int
  /// Most bytes that the structs filled so far pack to.
  var packedBound = 0

  /// - Parameters:
  ///   - scratch: used first; must outlive the arena and be aligned to 8 bytes.
  ///   - budget: how many bytes ``takeWithinBudget(_:)`` gives at most.
  init(scratch: UnsafeMutableRawBufferPointer, budget: Int = 0) {
    unsafe cursor = scratch.baseAddress
    available = scratch.count
    self.budget = budget
  }

  deinit {
    var chunk = unsafe chunks
    while let freed = unsafe chunk {
      unsafe chunk = freed.pointee.next
      unsafe freed.deallocate()
    }
  }

  /// Memory for protobuf-c; nil when the budget is used up.
  mutating func takeWithinBudget(_ size: Int) -> UnsafeMutableRawPointer? {
    guard size >= 0, size <= budget else { return nil }
    budget -= size
    return unsafe take(size)
  }

  /// Memory, uninitialized.
  mutating func take(_ size: Int) -> UnsafeMutableRawPointer {
    let rounded = (size + Self.alignment - 1) & ~(Self.alignment - 1)
    guard rounded <= available, let taken = unsafe cursor else { return unsafe takeChunk(rounded) }
    available -= rounded
    unsafe cursor = taken + rounded
    return unsafe taken
  }

  /// Memory for `count` values, uninitialized.
  mutating func take<Value>(_ count: Int, of type: Value.Type) -> UnsafeMutablePointer<Value> {
    unsafe take(count * MemoryLayout<Value>.stride).bindMemory(to: type, capacity: count)
  }

  /// From a new chunk, whose rest is used from now on.
  private mutating func takeChunk(_ size: Int) -> UnsafeMutableRawPointer {
    let headerSize = 16
    let capacity = max(size, nextChunk)
    nextChunk = min(nextChunk * 2, Self.largestChunk)
    let chunk = UnsafeMutableRawPointer.allocate(
      byteCount: headerSize + capacity, alignment: 16)
    let header = unsafe chunk.bindMemory(to: ChunkHeader.self, capacity: 1)
    unsafe header.initialize(to: ChunkHeader(next: chunks))
    unsafe chunks = header
    let start = unsafe chunk + headerSize
    unsafe cursor = start + size
    available = capacity - size
    return unsafe start
  }
}
