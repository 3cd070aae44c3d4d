// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Bytes on their way to the socket, in order.
struct OutputQueue {
  /// From this size on, a buffer is written as it is instead of being copied behind the previous one.
  private static let shareFrom = 4096

  private(set) var buffers: [ByteBuffer] = []
  private(set) var byteCount = 0
  /// True when the last buffer is this queue's own, to be appended to.
  private var lastIsOwn = false
  /// What an own buffer begins with: as much as was needed lately.
  private var ownCapacity = leastOwnCapacity
  private static let leastOwnCapacity = 2048
  private static let mostOwnCapacity = 64 * 1024

  var isEmpty: Bool { byteCount == 0 }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    withOwnBuffer { unsafe $0.writeBytes(bytes) }
    byteCount += bytes.count
  }

  mutating func append(_ buffer: ByteBuffer) {
    byteCount += buffer.readableBytes
    if buffer.readableBytes >= Self.shareFrom {
      buffers.append(buffer)
      lastIsOwn = false
    } else {
      withOwnBuffer { $0.writeImmutableBuffer(buffer) }
    }
  }

  mutating func removeAll() {
    ownCapacity = min(max(byteCount, ownCapacity / 2, Self.leastOwnCapacity), Self.mostOwnCapacity)
    buffers.removeAll(keepingCapacity: true)
    byteCount = 0
    lastIsOwn = false
  }

  private mutating func withOwnBuffer(_ body: (inout ByteBuffer) -> Void) {
    if !lastIsOwn {
      buffers.append(ByteBufferAllocator().buffer(capacity: ownCapacity))
      lastIsOwn = true
    }
    body(&buffers[buffers.count - 1])
  }
}
