// SPDX-License-Identifier: Apache-2.0
package import DedicatedThread
package import Domain

/// Pictures by libgd, on threads of their own: decoding takes up to a second and blocks no event loop.
package final class GDAvatarEncoder: AvatarEncoder {
  private let threads: [DedicatedThread]
  private let lanes: Lanes
  private let limits: AvatarLimits

  /// - Parameters:
  ///   - threads: pictures at a time; each may take what ``AvatarLimits/maxPixels`` says.
  ///   - maxWaiting: pictures that may wait for a thread; one more is `.busy`. Each holds its upload.
  package init(
    limits: AvatarLimits = AvatarLimits(), threads: Int = 1, maxWaiting: Int = 8
  ) throws(ThreadStartError) {
    var made: [DedicatedThread] = []
    for _ in 0..<max(1, threads) { made.append(try DedicatedThread(name: "imaging")) }
    self.threads = made
    lanes = Lanes(count: made.count, maxWaiting: maxWaiting)
    self.limits = limits
  }

  package func encode(_ bytes: [UInt8]) async throws(AvatarError) -> EncodedAvatar {
    guard let lane = lanes.claim() else { throw .busy }
    defer { lanes.release(lane) }
    return try await threads[lane].run { [limits] () throws(AvatarError) in
      try AvatarPicture.encode(bytes, limits: limits)
    }
  }
}
