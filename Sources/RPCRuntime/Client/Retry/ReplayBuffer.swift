// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The streamed requests of a call, kept until response headers have come.
struct ReplayBuffer {
  private(set) var frames: [ByteBuffer] = []
  private(set) var byteCount = 0

  mutating func append(_ frame: ByteBuffer) {
    frames.append(frame)
    byteCount += frame.readableBytes
  }
}
