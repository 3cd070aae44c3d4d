// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// One encoded message with its gRPC prefix (flag byte and 4-byte length) in front: ready to be sent, any
/// number of times, without copying ("Length-Prefixed-Message").
public struct MessageFrame: Hashable, Sendable {
  /// Bytes of the prefix.
  public static let prefixLength = 5

  /// Prefix and message.
  public let framed: ByteBuffer
  /// False: never compressed, whatever the call says. For messages that mix a secret with what others
  /// choose, whose length under compression would tell.
  public var isCompressible = true
  /// Where the compressed form is kept; nil: each call makes its own.
  private(set) var shared: SharedGzipForm?

  /// Writes a message behind a prefix in one buffer.
  /// - Parameters:
  ///   - capacity: expected size of the message in bytes; a hint.
  ///   - write: appends the message.
  public init(capacity: Int = 0, _ write: (inout ByteBuffer) -> Void) {
    var buffer = ByteBuffer()
    buffer.reserveCapacity(Self.prefixLength + capacity)
    buffer.writeInteger(0 as UInt8)
    buffer.writeInteger(0 as UInt32)
    write(&buffer)
    buffer.setInteger(UInt32(buffer.readableBytes - Self.prefixLength), at: 1)
    framed = buffer
  }

  /// Writes a message behind a prefix, in one buffer that does not grow.
  /// - Parameters:
  ///   - bound: the most bytes that the message may have.
  ///   - write: gets `bound` bytes; returns how many of them it filled.
  package init(upTo bound: Int, _ write: (UnsafeMutableRawBufferPointer) -> Int) {
    let total = Self.prefixLength + bound
    var buffer = ByteBufferAllocator().buffer(capacity: total)
    _ = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: total) { bytes in
      let size = unsafe write(
        UnsafeMutableRawBufferPointer(rebasing: bytes[Self.prefixLength..<total]))
      unsafe bytes.storeBytes(of: 0, as: UInt8.self)
      unsafe bytes.storeBytes(
        of: UInt32(truncatingIfNeeded: size).bigEndian, toByteOffset: 1, as: UInt32.self)
      return Self.prefixLength + size
    }
    framed = buffer
  }

  /// The same frame, for many calls: those that compress share one compressed form.
  public func sharingCompression() -> MessageFrame {
    var copy = self
    copy.shared = copy.shared ?? SharedGzipForm()
    return copy
  }

  /// Equal bytes.
  public static func == (a: MessageFrame, b: MessageFrame) -> Bool { a.framed == b.framed }

  /// Of the bytes.
  public func hash(into hasher: inout Hasher) { hasher.combine(framed) }

  /// The message without its prefix, sharing storage.
  public var message: ByteBuffer {
    var buffer = framed
    buffer.moveReaderIndex(forwardBy: Self.prefixLength)
    return buffer
  }
}
