// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// The compressed form of a frame that several calls send: made by the first that asks.
final class SharedGzipForm: Sendable {
  private enum Form {
    case unknown
    case known(ByteBuffer)
  }

  private let form = Mutex(Form.unknown)

  func get(_ make: () -> ByteBuffer) -> ByteBuffer {
    form.withLock { form in
      if case .known(let made) = form { return made }
      let made = make()
      form = .known(made)
      return made
    }
  }
}

extension MessageFrame {
  /// What a call with `grpc-encoding: gzip` sends: the frame compressed, or as it is when it says so, is
  /// smaller than `minimum` bytes, or would not get shorter.
  func gzipped(from minimum: Int) -> ByteBuffer {
    guard isCompressible, framed.readableBytes - Self.prefixLength >= minimum else { return framed }
    guard let shared else { return GzipCodec.ofThisThread.deflate(frame: framed) ?? framed }
    return shared.get { GzipCodec.ofThisThread.deflate(frame: framed) ?? framed }
  }
}
