// SPDX-License-Identifier: Apache-2.0

import CProtobufC
package import NIOCore
package import RPCRuntime

/// A message whose binary form protobuf-c reads and writes.
package protocol CMessage: CStruct, ProtobufMessage {}

/// Decodes and encodes whole messages with protobuf-c 1.4, which differs from the specification in two ways:
/// of a submessage sent in several parts, repeated fields are joined but scalars are the last part's (no
/// known encoder sends parts); and -0.0 counts as 0 and is not sent.
package enum CCoding {
  /// Taken from the stack for each message; enough for a small one.
  private typealias Scratch = InlineArray<256, UInt64>
  /// What a message may unpack to, in bytes per byte on the wire. The dearest well-formed ones are 2-byte
  /// empty submessages (a struct, a pointer and two of protobuf-c's 32-byte notes each): about 100.
  static let expansionLimit = 128
  /// Unpacks whatever its size.
  static let freeBytes = 64 << 10
  /// Never exceeded: 4 MiB, the largest message received, of plausible readings unpack to about 16 MiB.
  static let unpackedLimit = 64 << 20

  /// Cost: one copy into C structs in the arena, one into Swift values; a Swift allocation for each string
  /// longer than 15 bytes and for each array.
  ///
  /// Never inlined, as ``frame(_:)``: inlined into an async function, the scratch would be part of its frame,
  /// and so of every live call (2 KiB).
  @inline(never)
  package static func decode<Message: CMessage>(
    _ buffer: ByteBuffer
  ) throws(ProtobufError) -> Message {
    let size = buffer.readableBytes
    let budget = min(
      size.multipliedReportingOverflow(by: expansionLimit).partialValue, unpackedLimit)
    return try unsafe buffer.withUnsafeReadableBytes { bytes in
      unsafe withScratch { scratch in
        Result<Message, ProtobufError> { () throws(ProtobufError) in
          var arena = unsafe Arena(scratch: scratch, budget: freeBytes + max(0, budget))
          return try unsafe withUnsafeMutablePointer(to: &arena) { arena throws(ProtobufError) in
            try unsafe unpack(bytes, arena)
          }
        }
      }
    }.get()
  }

  /// Up to here a message is packed into memory for the most that it may take, which saves protobuf-c from
  /// walking over it twice; from here on, into what it takes.
  private static let boundLimit = 16 << 10

  /// Appends the binary form.
  package static func encode<Message: CMessage>(_ message: Message, into buffer: inout ByteBuffer) {
    unsafe withFilled(message) { c, bound in
      _ = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { out in
        unsafe pack(c, out)
      }
    }
  }

  /// The binary form behind gRPC's prefix.
  @inline(never)
  package static func frame<Message: CMessage>(_ message: Message) -> MessageFrame {
    unsafe withFilled(message) { c, bound in
      unsafe MessageFrame(upTo: bound) { out in unsafe pack(c, out) }
    }
  }

  /// - Parameter out: at least as large as ``withFilled(_:_:)`` says.
  private static func pack(
    _ c: UnsafePointer<ProtobufCMessage>, _ out: UnsafeMutableRawBufferPointer
  ) -> Int {
    unsafe protobuf_c_message_pack(c, out.baseAddress?.assumingMemoryBound(to: UInt8.self))
  }

  /// Gives the C struct and how much memory it packs to at most.
  private static func withFilled<Message: CMessage, Result>(
    _ message: Message, _ body: (UnsafePointer<ProtobufCMessage>, Int) -> Result
  ) -> Result {
    unsafe withScratch { scratch in
      var arena = unsafe Arena(scratch: scratch)
      let c = unsafe base(of: arena.structure(of: message))
      let bound = arena.packedBound
      assert(unsafe protobuf_c_message_get_packed_size(c) <= bound, "the bound is too low")
      return unsafe body(
        c, bound <= boundLimit ? bound : protobuf_c_message_get_packed_size(c))
    }
  }

  private static func withScratch<Result>(
    _ body: (UnsafeMutableRawBufferPointer) -> Result
  ) -> Result {
    // Not `withUnsafeTemporaryAllocation`, which takes more than 1 KiB from the heap.
    var words = Scratch(repeating: 0)
    return unsafe withUnsafeMutableBytes(of: &words) { unsafe body($0) }
  }

  private static func unpack<Message: CMessage>(
    _ bytes: UnsafeRawBufferPointer, _ arena: UnsafeMutablePointer<Arena>
  ) throws(ProtobufError) -> Message {
    // The descriptor's address is what initialization writes.
    let model = unsafe arena.pointee.take(1, of: Message.C.self)
    unsafe Message.initialize(model)
    var allocator = unsafe ProtobufCAllocator(
      alloc: { arena, size in
        unsafe arena?.assumingMemoryBound(to: Arena.self).pointee.takeWithinBudget(size)
      },
      free: { _, _ in }, allocator_data: arena)
    let unpacked = unsafe protobuf_c_message_unpack(
      base(of: model).pointee.descriptor, &allocator, bytes.count,
      bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    guard let unpacked = unsafe unpacked else {
      throw ProtobufError.malformed(message: Message.fullName)
    }
    return try unsafe Message(
      decoding: UnsafeRawPointer(unpacked).assumingMemoryBound(to: Message.C.self))
  }

  private static func base<C>(of c: UnsafeMutablePointer<C>) -> UnsafePointer<ProtobufCMessage> {
    unsafe UnsafeRawPointer(c).assumingMemoryBound(to: ProtobufCMessage.self)
  }
}
