// SPDX-License-Identifier: Apache-2.0
package import DedicatedThread
package import Domain

/// Pictures by libgd, on threads of their own: decoding takes up to a second and blocks no event loop.
package final class GDAvatarEncoder: AvatarEncoder {
  private let pool: WorkerPool<DedicatedThread>
  private let limits: AvatarLimits

  /// - Parameters:
  ///   - threads: pictures at a time; each may take what ``AvatarLimits/maxPixels`` says.
  ///   - maxWaiting: pictures that may wait for a thread; one more is `.busy`. Each holds its upload.
  package init(
    limits: AvatarLimits = AvatarLimits(), threads: Int = 1, maxWaiting: Int = 8
  ) throws(ThreadStartError) {
    pool = WorkerPool(try .threads(threads, named: "imaging"), maxWaiting: maxWaiting)
    self.limits = limits
  }

  package func encode(_ bytes: [UInt8]) async throws(AvatarError) -> EncodedAvatar {
    try await pool.withWorker(orThrow: { $0 == .busy ? AvatarError.busy : .cancelled }) {
      thread throws(AvatarError) in
      try await thread.run { [limits] () throws(AvatarError) in
        try AvatarPicture.encode(bytes, limits: limits)
      }
    }
  }
}
