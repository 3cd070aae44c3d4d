// SPDX-License-Identifier: Apache-2.0

import ByteText
import NIOCore

extension Base64.Decoder {
  /// - Returns: false when a digit is none, or has no place where it stands.
  mutating func take(_ text: UnsafeRawBufferPointer, into output: inout ByteBuffer) -> Bool {
    var isRight = true
    unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.room(for: text.count)) {
      guard let count = unsafe take(text, into: $0) else {
        isRight = false
        return 0
      }
      return count
    }
    return isRight
  }

  /// What was taken last is the end of a text.
  /// - Returns: false when a text cannot end there.
  mutating func finish(into output: inout ByteBuffer) -> Bool {
    var isRight = true
    unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: 2) {
      guard let count = unsafe finish(into: $0) else {
        isRight = false
        return 0
      }
      return count
    }
    return isRight
  }
}
