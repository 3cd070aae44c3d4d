// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How many calls are open on all connections of a server.
final class OpenStreams: Sendable {
  private let open = Atomic(0)

  var count: Int { open.load(ordering: .relaxed) }

  func opened() { open.wrappingAdd(1, ordering: .relaxed) }

  func closed(_ count: Int) { open.wrappingSubtract(count, ordering: .relaxed) }
}
