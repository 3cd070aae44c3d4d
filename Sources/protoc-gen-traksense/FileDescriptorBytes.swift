// SPDX-License-Identifier: Apache-2.0

/// A serialized FileDescriptorProto.
struct FileDescriptorBytes {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Without comments and positions, as other servers embed it. What cannot be read stays as it is.
  var withoutSourceInfo: [UInt8] {
    let sourceInfo: UInt64 = 9
    var kept: [UInt8] = []
    var offset = 0
    while offset < bytes.count {
      let start = offset
      guard let tag = varint(&offset), skip(wireType: tag & 7, &offset) else { return bytes }
      if tag >> 3 != sourceInfo { kept += bytes[start..<offset] }
    }
    return kept
  }

  private func varint(_ offset: inout Int) -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while offset < bytes.count, shift < 64 {
      let byte = bytes[offset]
      offset += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  /// - Returns: false when the field is not whole.
  private func skip(wireType: UInt64, _ offset: inout Int) -> Bool {
    switch wireType {
    case 0: return varint(&offset) != nil
    case 1: offset += 8
    case 2:
      guard let length = varint(&offset), length <= UInt64(bytes.count - offset) else {
        return false
      }
      offset += Int(length)
    case 5: offset += 4
    default: return false
    }
    return offset <= bytes.count
  }
}
