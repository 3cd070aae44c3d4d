// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Cuts a stream's bytes into gRPC messages ("Length-Prefixed-Message").
struct MessageDeframer {
  enum Failure: Error, Hashable {
    /// The prefix announced more than the limit; thrown before the bytes arrive.
    case tooLarge(announced: UInt32, limit: Int)
    /// The compressed flag is set, but the call named no encoding.
    case compressedWithoutEncoding
    /// The flag byte is neither 0 nor 1.
    case unknownFlag(UInt8)
  }

  /// Largest message accepted, in bytes.
  let limit: Int
  private var buffer = ByteBuffer()

  init(limit: Int) {
    self.limit = limit
  }

  /// Bytes kept that are not yet a whole message.
  var bufferedBytes: Int { buffer.readableBytes }

  mutating func append(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      buffer.writeImmutableBuffer(bytes)
    }
  }

  /// Drops what was kept.
  mutating func discard() { buffer = ByteBuffer() }

  /// - Returns: the next whole message without its prefix; nil when more bytes are needed.
  mutating func next() throws(Failure) -> ByteBuffer? {
    guard
      let flag = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self)
    else { return nil }
    switch flag {
    case 0: break
    case 1: throw .compressedWithoutEncoding
    default: throw .unknownFlag(flag)
    }
    guard let length = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt32.self) else {
      return nil
    }
    guard length <= limit else { throw .tooLarge(announced: length, limit: limit) }
    guard buffer.readableBytes >= MessageFrame.prefixLength + Int(length) else { return nil }
    buffer.moveReaderIndex(forwardBy: MessageFrame.prefixLength)
    return buffer.readSlice(length: Int(length))
  }
}
