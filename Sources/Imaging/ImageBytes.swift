// SPDX-License-Identifier: Apache-2.0

/// Numbers at places of a file; nil beyond its end.
struct ImageBytes {
  private let bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
  }

  var count: Int { bytes.count }

  subscript(offset: Int) -> Int? {
    guard offset >= 0, offset < bytes.count else { return nil }
    return Int(bytes[bytes.startIndex + offset])
  }

  /// Of up to four bytes.
  func bigEndian(_ offset: Int, count: Int) -> Int? {
    var value = 0
    for index in 0..<count {
      guard let byte = self[offset + index] else { return nil }
      value = value << 8 | byte
    }
    return value
  }

  /// Of up to four bytes.
  func littleEndian(_ offset: Int, count: Int) -> Int? {
    var value = 0
    for index in (0..<count).reversed() {
      guard let byte = self[offset + index] else { return nil }
      value = value << 8 | byte
    }
    return value
  }

  func has(_ text: String, at offset: Int) -> Bool {
    text.utf8.enumerated().allSatisfy { self[offset + $0.offset] == Int($0.element) }
  }

  /// - Returns: nil when that many bytes are not there.
  func part(_ range: Range<Int>) -> ImageBytes? {
    guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return nil }
    return ImageBytes(
      bytes[(bytes.startIndex + range.lowerBound)..<(bytes.startIndex + range.upperBound)])
  }
}
