// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Synchronization

/// The streaming calls that are open, with what let them in. An idle one costs an entry of a dictionary.
final class AdmittedStreams: Sendable {
  /// What several streams may have been let in by.
  struct Grounds: Hashable, Sendable {
    var proof: CallAuthenticator.Proof
    var tenant: TenantSlug?
    var permission: Permission
  }

  private struct Stream {
    let context: ServerContext
    let grounds: Grounds
  }

  private let streams = Mutex<[ObjectIdentifier: Stream]>([:])

  /// Streams that are open.
  var count: Int { streams.withLock { $0.count } }

  func enter(_ context: ServerContext, _ grounds: Grounds) {
    streams.withLock {
      $0[ObjectIdentifier(context)] = Stream(context: context, grounds: grounds)
    }
  }

  func leave(_ context: ServerContext) {
    _ = streams.withLock { $0.removeValue(forKey: ObjectIdentifier(context)) }
  }

  /// All that streams were let in by, each once.
  var grounds: Set<Grounds> { streams.withLock { Set($0.values.map(\.grounds)) } }

  /// Ends all streams that were let in by this.
  func end(_ grounds: Grounds, with error: RPCError) {
    let over = streams.withLock { streams in
      streams.values.filter { $0.grounds == grounds }.map(\.context)
    }
    for context in over { context.end(error) }
  }
}
