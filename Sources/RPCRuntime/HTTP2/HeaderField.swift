// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One field, in memory that somebody else keeps.
@unsafe struct HeaderField {
  var name: UnsafeBufferPointer<UInt8>
  var value: UnsafeBufferPointer<UInt8>

  /// First byte of the name; 0 when it is empty.
  var lead: UInt8 { unsafe name.first ?? 0 }

  func hasName(_ text: StaticString) -> Bool { unsafe Self.equal(name, text) }

  func hasValue(_ text: StaticString) -> Bool { unsafe Self.equal(value, text) }

  func hasNamePrefix(_ text: StaticString) -> Bool { unsafe Self.begins(name, text) }

  func hasValuePrefix(_ text: StaticString) -> Bool { unsafe Self.begins(value, text) }

  var nameText: String { unsafe String(decoding: name, as: UTF8.self) }

  var valueText: String { unsafe String(decoding: value, as: UTF8.self) }

  private static func equal(_ bytes: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
    unsafe bytes.count == text.utf8CodeUnitCount && begins(bytes, text)
  }

  private static func begins(_ bytes: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
    let length = text.utf8CodeUnitCount
    guard bytes.count >= length, let start = bytes.baseAddress else {
      return length == 0
    }
    return unsafe memcmp(start, text.utf8Start, length) == 0
  }

  // MARK: Layout

  /// Bytes that the field takes when laid out.
  var laidOutLength: Int { unsafe HeaderFields.prefixLength + name.count + value.count }

  /// Writes length of name, length of value, name and value.
  func lay(at base: UnsafeMutableRawPointer?, offset: Int) {
    guard var cursor = unsafe base.map({ unsafe $0 + offset }) else { return }
    unsafe cursor.storeBytes(of: UInt32(truncatingIfNeeded: name.count), as: UInt32.self)
    unsafe cursor.storeBytes(
      of: UInt32(truncatingIfNeeded: value.count), toByteOffset: 4, as: UInt32.self)
    unsafe cursor += HeaderFields.prefixLength
    if let start = unsafe name.baseAddress {
      unsafe cursor.copyMemory(from: start, byteCount: name.count)
      unsafe cursor += name.count
    }
    if let start = unsafe value.baseAddress {
      unsafe cursor.copyMemory(from: start, byteCount: value.count)
    }
  }
}

/// Walks over fields that were laid out one behind the other.
@unsafe struct HeaderFields {
  /// The two lengths in front of each field, 4 bytes each.
  static let prefixLength = 8

  private var cursor: UnsafeRawPointer?
  private var left: Int

  init(_ layout: UnsafeRawBufferPointer) {
    unsafe cursor = layout.baseAddress
    unsafe left = layout.count
  }

  mutating func next() -> HeaderField? {
    guard unsafe left >= Self.prefixLength, let base = unsafe cursor else { return nil }
    let nameLength = Int(unsafe base.loadUnaligned(as: UInt32.self))
    let valueLength = Int(unsafe base.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    let start = unsafe (base + Self.prefixLength).assumingMemoryBound(to: UInt8.self)
    let total = unsafe Self.prefixLength + nameLength + valueLength
    unsafe cursor = unsafe base + total
    unsafe left -= total
    return unsafe HeaderField(
      name: UnsafeBufferPointer(start: start, count: nameLength),
      value: UnsafeBufferPointer(start: start + nameLength, count: valueLength))
  }
}

/// Collects the fields of one header block; its memory is used again for the next.
@safe struct HeaderScratch: ~Copyable {
  private static let usualCapacity = 1024

  private var memory = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var used = 0
  private var count = 0

  deinit {
    unsafe memory.deallocate()
  }

  mutating func append(_ field: HeaderField) {
    let end = unsafe used + field.laidOutLength
    if unsafe end > memory.count { grow(to: end) }
    unsafe field.lay(at: memory.baseAddress, offset: used)
    used = end
    count += 1
  }

  /// Starts anew.
  mutating func clear() {
    used = 0
    count = 0
    if unsafe memory.count > Self.usualCapacity {
      unsafe memory.deallocate()
      unsafe memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }
  }

  /// A copy of what was collected.
  var list: HeaderList {
    unsafe HeaderList(
      layout: UnsafeRawBufferPointer(start: memory.baseAddress, count: used), count: count)
  }

  private mutating func grow(to minimum: Int) {
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(Self.usualCapacity, minimum.nextPowerOf2), alignment: 8)
    unsafe larger.copyMemory(from: UnsafeRawBufferPointer(start: memory.baseAddress, count: used))
    unsafe memory.deallocate()
    unsafe memory = unsafe larger
  }
}

extension Int {
  fileprivate var nextPowerOf2: Int {
    self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
  }
}
