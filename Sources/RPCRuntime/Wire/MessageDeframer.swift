// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Cuts a stream's bytes into gRPC messages ("Length-Prefixed-Message"), no sooner than they are asked for:
/// messages that wait cost their bytes and nothing else, compressed ones their compressed bytes. Prefixes
/// are looked at as they come, so that a wrong one is known at once.
struct MessageDeframer {
  enum Failure: Error, Hashable {
    /// The prefix announced more than the limit; thrown before the bytes arrive.
    case tooLarge(announced: UInt32, limit: Int)
    /// A compressed message is larger than the limit without its compression.
    case inflatesTooLarge(limit: Int)
    /// The compressed flag is set, but the call named no encoding.
    case compressedWithoutEncoding
    /// The flag byte is neither 0 nor 1.
    case unknownFlag(UInt8)
    /// The bytes are not what `grpc-encoding` says.
    case brokenCompression
  }

  /// Largest message accepted, in bytes, with and without compression.
  let limit: Int
  /// What messages with the compressed flag are compressed with.
  var encoding: MessageEncoding
  private var buffer = ByteBuffer()
  /// Bytes of whole messages at the front of `buffer`, with their prefixes.
  private var wholeBytes = 0
  /// Messages that came to their end and were not taken yet.
  private(set) var wholeMessages = 0
  /// Size on the wire of the message taken last; 0 when it was not compressed.
  private(set) var lastCompressedSize = 0

  init(limit: Int, encoding: MessageEncoding = .identity) {
    self.limit = limit
    self.encoding = encoding
  }

  /// Bytes kept.
  var bufferedBytes: Int { buffer.readableBytes }

  /// Memory that is kept, in bytes.
  var storageCapacity: Int { buffer.storageCapacity }

  /// Bytes kept that are not yet a whole message.
  var unfinishedBytes: Int { buffer.readableBytes - wholeBytes }

  /// - Throws: when a prefix among them is wrong; nothing more is to be done with the stream then.
  mutating func append(_ bytes: ByteBuffer) throws(Failure) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      // What was taken must not be kept: a buffer grows at its end only.
      if buffer.readerIndex > buffer.readableBytes { buffer = buffer.copied() }
      buffer.writeImmutableBuffer(bytes)
    }
    try lookAtPrefixes()
  }

  /// Drops what was kept.
  mutating func discard() {
    buffer = ByteBuffer()
    wholeBytes = 0
    wholeMessages = 0
  }

  /// Takes the next message, without prefix and compression.
  /// - Returns: nil when more bytes are needed.
  /// - Throws: when it does not decompress.
  mutating func next() throws(Failure) -> ByteBuffer? {
    guard wholeMessages > 0, let flag = buffer.readInteger(as: UInt8.self),
      let length = buffer.readInteger(as: UInt32.self),
      let message = buffer.readSlice(length: Int(length))
    else { return nil }
    wholeMessages -= 1
    wholeBytes -= MessageFrame.prefixLength + message.readableBytes
    // The message alone says now how long its memory is needed.
    if buffer.readableBytes == 0 { buffer = ByteBuffer() }
    lastCompressedSize = flag == 0 ? 0 : message.readableBytes
    return flag == 0 ? message : try GzipCodec.ofThisThread.inflate(message, limit: limit)
  }

  private mutating func lookAtPrefixes() throws(Failure) {
    while true {
      let start = buffer.readerIndex + wholeBytes
      guard let flag = buffer.getInteger(at: start, as: UInt8.self) else { return }
      guard flag <= 1 else { throw .unknownFlag(flag) }
      if flag == 1, encoding == .identity { throw .compressedWithoutEncoding }
      guard let length = buffer.getInteger(at: start + 1, as: UInt32.self) else { return }
      guard length <= limit else { throw .tooLarge(announced: length, limit: limit) }
      let size = MessageFrame.prefixLength + Int(length)
      guard unfinishedBytes >= size else { return }
      wholeBytes += size
      wholeMessages += 1
    }
  }
}

extension ByteBuffer {
  /// The readable bytes in memory of their own.
  fileprivate func copied() -> ByteBuffer {
    var copy = ByteBufferAllocator().buffer(capacity: readableBytes)
    copy.writeImmutableBuffer(self)
    return copy
  }
}

extension RPCError {
  /// What a peer is told about a malformed message (gRPC "Status codes", "Compression").
  init(_ failure: MessageDeframer.Failure) {
    switch failure {
    case .tooLarge(let announced, let limit):
      self.init(
        .resourceExhausted, "message of \(announced) bytes exceeds the limit of \(limit)")
    case .inflatesTooLarge(let limit):
      self.init(
        .resourceExhausted, "decompressed message exceeds the limit of \(limit) bytes")
    case .compressedWithoutEncoding:
      self.init(.internalError, "compressed message, but no grpc-encoding was named")
    case .unknownFlag(let flag):
      self.init(.internalError, "unknown message flag \(flag)")
    case .brokenCompression:
      self.init(.internalError, "compressed message cannot be decompressed")
    }
  }
}
