// SPDX-License-Identifier: Apache-2.0

import CZlib
import NIOCore
import NIOPosix

/// zlib's two directions in gzip format (RFC 1952), for one whole message at a time. Their state, some
/// 40 KiB and 256 KiB, is made when it is first needed and used again for every message of a thread.
///
/// Unchecked Sendable because ``ofThisThread`` is the only way to one, each thread has its own, and no
/// method suspends.
@safe final class GzipCodec: @unchecked Sendable {
  private static let perThread = ThreadSpecificVariable<GzipCodec>()

  /// Window of 32 KiB, and 16 more for gzip's header and checksum (zlib.h, `inflateInit2`).
  private static let windowBits: Int32 = 15 + 16
  private static let memoryLevel: Int32 = 8
  /// Twice as fast as zlib's usual 6, and 5 % larger on protobuf messages.
  private static let level: Int32 = 3
  /// Output that inflating begins with, at least.
  private static let firstOutput = 1024

  private var inflater: UnsafeMutablePointer<z_stream>?
  private var deflater: UnsafeMutablePointer<z_stream>?

  private init() {}

  deinit {
    if let inflater = unsafe inflater {
      unsafe inflateEnd(inflater)
      unsafe inflater.deallocate()
    }
    if let deflater = unsafe deflater {
      unsafe deflateEnd(deflater)
      unsafe deflater.deallocate()
    }
  }

  static var ofThisThread: GzipCodec {
    if let codec = perThread.currentValue { return codec }
    let codec = GzipCodec()
    perThread.currentValue = codec
    return codec
  }

  /// Decompresses a message, which must be exactly one gzip member.
  /// - Parameter limit: most bytes it may have; no more memory than that is used to find out.
  func inflate(
    _ compressed: ByteBuffer, limit: Int
  ) throws(MessageDeframer.Failure) -> ByteBuffer {
    guard let stream = unsafe readyInflater() else { throw .brokenCompression }
    var output = ByteBufferAllocator().buffer(
      capacity: min(limit, max(Self.firstOutput, compressed.readableBytes * 2)))
    // Typed throws do not pass through ByteBuffer's closures.
    let failure = unsafe compressed.withUnsafeReadableBytes { input in
      unsafe Self.inflate(stream, input, into: &output, limit)
    }
    if let failure { throw failure }
    return output
  }

  private static func inflate(
    _ stream: UnsafeMutablePointer<z_stream>, _ input: UnsafeRawBufferPointer,
    into output: inout ByteBuffer, _ limit: Int
  ) -> MessageDeframer.Failure? {
    unsafe point(stream, to: input)
    while true {
      // One byte over the limit is enough to know.
      let room = min(max(firstOutput, output.readableBytes), limit + 1 - output.readableBytes)
      var result = Z_OK
      _ = unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { bytes in
        unsafe fill(stream, bytes.prefix(room)) {
          result = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
        }
      }
      if output.readableBytes > limit { return .inflatesTooLarge(limit: limit) }
      switch result {
      case Z_STREAM_END:
        // Something follows the checksum.
        return unsafe stream.pointee.avail_in == 0 ? nil : .brokenCompression
      case Z_OK where unsafe stream.pointee.avail_out == 0: continue
      // Out of input before the end, or not gzip.
      default: return .brokenCompression
      }
    }
  }

  /// Compresses `frame`, a message behind its prefix.
  /// - Returns: the same with the compressed flag; nil when that is not shorter.
  func deflate(frame: ByteBuffer) -> ByteBuffer? {
    let room = frame.readableBytes
    guard room > MessageFrame.prefixLength, let stream = unsafe readyDeflater() else { return nil }
    var output = ByteBufferAllocator().buffer(capacity: room)
    output.writeInteger(1 as UInt8)
    output.writeInteger(0 as UInt32)
    let rest = room - MessageFrame.prefixLength - 1
    var result = Z_OK
    unsafe frame.withUnsafeReadableBytes { input in
      unsafe Self.point(
        stream, to: UnsafeRawBufferPointer(rebasing: input.dropFirst(MessageFrame.prefixLength)))
      _ = unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: rest) { bytes in
        unsafe Self.fill(stream, bytes.prefix(rest)) {
          result = unsafe CZlib.deflate(stream, Z_FINISH)
        }
      }
    }
    guard result == Z_STREAM_END else { return nil }
    output.setInteger(UInt32(output.readableBytes - MessageFrame.prefixLength), at: 1)
    return output
  }

  // MARK: zlib's state

  /// zlib takes a pointer to bytes it may not change as one that may be changed.
  private static func point(
    _ stream: UnsafeMutablePointer<z_stream>, to input: UnsafeRawBufferPointer
  ) {
    let bytes = unsafe input.bindMemory(to: UInt8.self)
    unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
    unsafe stream.pointee.avail_in = UInt32(bytes.count)
  }

  private static func fill(
    _ stream: UnsafeMutablePointer<z_stream>, _ room: Slice<UnsafeMutableRawBufferPointer>,
    _ run: () -> Void
  ) -> Int {
    let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: room).bindMemory(to: UInt8.self)
    unsafe stream.pointee.next_out = bytes.baseAddress
    unsafe stream.pointee.avail_out = UInt32(bytes.count)
    run()
    return unsafe bytes.count - Int(stream.pointee.avail_out)
  }

  private func readyInflater() -> UnsafeMutablePointer<z_stream>? {
    if let inflater = unsafe inflater {
      return unsafe inflateReset(inflater) == Z_OK ? inflater : nil
    }
    // zlib keeps the address.
    let stream = unsafe Self.newStream()
    guard
      unsafe inflateInit2_(
        stream, Self.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else {
      unsafe stream.deallocate()
      return nil
    }
    unsafe inflater = unsafe stream
    return unsafe stream
  }

  private func readyDeflater() -> UnsafeMutablePointer<z_stream>? {
    if let deflater = unsafe deflater {
      return unsafe deflateReset(deflater) == Z_OK ? deflater : nil
    }
    let stream = unsafe Self.newStream()
    guard
      unsafe deflateInit2_(
        stream, Self.level, Z_DEFLATED, Self.windowBits, Self.memoryLevel, Z_DEFAULT_STRATEGY,
        ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else {
      unsafe stream.deallocate()
      return nil
    }
    unsafe deflater = unsafe stream
    return unsafe stream
  }

  private static func newStream() -> UnsafeMutablePointer<z_stream> {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    return unsafe stream
  }
}
